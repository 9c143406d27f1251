"""The words the sample company is made of: names, people, places and shares."""

import numpy as np

COMPANY = "Serra Cloud"
SETTINGS = {
    "currency": "BRL",
    "language": "pt_BR",
    "timezone": "America/Sao_Paulo",
    "policies": {"gross_margin": "0.78"},
}

SEGMENTS = ("Enterprise", "Mid-market", "SMB", "Startup")
ENTERPRISE, MID_MARKET, SMB, STARTUP = range(4)
SEGMENT_SHARES = (0.14, 0.27, 0.37, 0.22)

CHANNELS = ("Inbound", "Outbound", "Partner", "Referral", "Event")
CHANNEL_SHARES = (0.38, 0.24, 0.16, 0.14, 0.08)

PLANS = (("Business", "Corporate"), ("Pro", "Business"), ("Start", "Pro"), ("Start", "Start"))
FEATURES_AVAILABLE = {"Start": 8, "Pro": 14, "Business": 20, "Corporate": 24}
FEATURES = ("dashboard", "reports", "approvals", "automation", "mobile", "integrations", "forecast", "audit")

REGIONS = ("SP", "RJ", "MG", "PR", "RS", "SC", "BA", "PE", "GO", "DF", "CE", "ES")
REGION_SHARES = (0.34, 0.12, 0.11, 0.09, 0.08, 0.08, 0.05, 0.04, 0.03, 0.03, 0.02, 0.01)

INDUSTRIES = (
    "Manufacturing",
    "Retail",
    "Health",
    "Education",
    "Financial services",
    "Logistics",
    "Technology",
    "Construction",
    "Agribusiness",
    "Services",
)

CSMS = (
    "Ana",
    "Diego",
    "Elisa",
    "Bruno",
    "Carla",
    "Felipe",
    "Gabriela",
    "Heitor",
    "Isabela",
    "João",
    "Karina",
    "Lucas",
    "Marina",
    "Nicolas",
    "Olívia",
    "Paulo",
    "Renata",
    "Sérgio",
    "Tatiana",
    "Vitor",
    "Yara",
    "Caio",
    "Débora",
    "Rafael",
)

FIRST_WORDS = (
    "Porto",
    "Metal",
    "Horizonte",
    "Rede",
    "Rota",
    "Farma",
    "Nuvem",
    "Sol",
    "Edu",
    "Mar",
    "Norte",
    "Ouro",
    "Azul",
    "Tecno",
    "Vale",
    "Alto",
    "Campo",
    "Ponte",
    "Lagoa",
    "Estrela",
    "Pampa",
    "Litoral",
    "Aurora",
    "Verde",
    "Boreal",
    "Cais",
    "Cedro",
    "Delta",
    "Época",
    "Fênix",
    "Garoa",
    "Ipê",
    "Jatobá",
    "Juriti",
    "Lume",
    "Mantiqueira",
    "Nobre",
    "Onda",
    "Paineira",
    "Prisma",
    "Quatro",
    "Raiz",
    "Sabiá",
    "Solar",
    "Tamoio",
    "Trilha",
    "União",
    "Vértice",
    "Viva",
    "Xingu",
    "Araucária",
    "Baía",
    "Canoa",
    "Cobalto",
    "Guará",
    "Itacolomi",
    "Jangada",
    "Maré",
    "Planalto",
    "Tupã",
)

# Second word and the industry it speaks of; None takes a random one.
SECOND_WORDS: tuple[tuple[str, str | None], ...] = (
    ("Química", "Manufacturing"),
    ("Plásticos", "Manufacturing"),
    ("Têxtil", "Manufacturing"),
    ("Alimentos", "Manufacturing"),
    ("Embalagens", "Manufacturing"),
    ("Máquinas", "Manufacturing"),
    ("Varejo", "Retail"),
    ("Moda", "Retail"),
    ("Móveis", "Retail"),
    ("Calçados", "Retail"),
    ("Atacado", "Retail"),
    ("Saúde", "Health"),
    ("Farma", "Health"),
    ("Clínicas", "Health"),
    ("Diagnósticos", "Health"),
    ("Fit", "Health"),
    ("Educação", "Education"),
    ("Escolas", "Education"),
    ("Cursos", "Education"),
    ("Seguros", "Financial services"),
    ("Capital", "Financial services"),
    ("Crédito", "Financial services"),
    ("Pagamentos", "Financial services"),
    ("Logística", "Logistics"),
    ("Cargas", "Logistics"),
    ("Entregas", "Logistics"),
    ("Transportes", "Logistics"),
    ("Tech", "Technology"),
    ("Dados", "Technology"),
    ("Sistemas", "Technology"),
    ("Digital", "Technology"),
    ("Hub", "Technology"),
    ("Construtora", "Construction"),
    ("Engenharia", "Construction"),
    ("Imóveis", "Construction"),
    ("Agro", "Agribusiness"),
    ("Grãos", "Agribusiness"),
    ("Sementes", "Agribusiness"),
    ("Café", "Agribusiness"),
    ("Turismo", "Services"),
    ("Consultoria", "Services"),
    ("Energia", "Services"),
    ("Hotéis", "Services"),
    ("Eventos", "Services"),
    ("Brasil", None),
    ("Mais", None),
    ("Serviços", "Services"),
    ("Participações", None),
    ("Ambiental", "Services"),
    ("Telecom", "Technology"),
)

REASONS = ("Price", "Low use", "Changed supplier", "Missing feature", "Company closed", "Merger")
REASON_SHARES = (0.27, 0.26, 0.2, 0.13, 0.08, 0.06)

CATEGORIES = ("How-to", "Bug", "Billing", "Integration", "Access", "Feature request")
CATEGORY_SHARES = (0.34, 0.2, 0.14, 0.14, 0.12, 0.06)

GOOD_COMMENTS = (
    "Atendimento rápido, obrigado",
    "Resolveu na hora",
    "Produto excelente",
    "A equipe conhece o nosso negócio",
    "Indico para todos",
)
BAD_COMMENTS = (
    "Demora para responder",
    "Ninguém responde os chamados",
    "Tive que explicar tudo de novo",
    "Muito caro para o que usamos",
    "O problema voltou",
)


def company_names(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw `count` different company names and the industry each one speaks of.

    Returns:
        Two object arrays of length `count`: names and industries.
    """
    firsts, seconds = len(FIRST_WORDS), len(SECOND_WORDS)
    order = random.permutation(firsts * seconds)
    rounds, pair = np.divmod(np.arange(count), len(order))
    first, second = np.divmod(order[pair], seconds)
    suffixes = np.array(["", " Sul", " Norte", " Leste", " Oeste", " Centro"], dtype=object)
    words = np.array([w for w, _ in SECOND_WORDS], dtype=object)
    known = np.array([industry for _, industry in SECOND_WORDS], dtype=object)[second]
    guess = np.array(INDUSTRIES, dtype=object)[random.integers(0, len(INDUSTRIES), count)]
    names = np.array(FIRST_WORDS, dtype=object)[first] + " " + words[second] + suffixes[rounds % len(suffixes)]
    extra = rounds // len(suffixes)
    names = np.where(extra > 0, names + " " + (extra + 1).astype(str).astype(object), names)
    neutral = np.array([industry is None for _, industry in SECOND_WORDS])[second]
    return names, np.where(neutral, guess, known)
