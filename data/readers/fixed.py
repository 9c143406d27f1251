"""Fixed-width text: columns by place, parted by places that are blank in every line."""

_LOOK_AT = 400


def find_starts(text: str) -> tuple[int, ...]:
    """Where columns start, (0,) where no place is blank in all of the first lines."""
    lines = [line.expandtabs() for line in text.splitlines()[:_LOOK_AT] if line.strip()]
    if not lines:
        return (0,)
    width = max(len(line) for line in lines)
    used = [any(i < len(line) and line[i] != " " for line in lines) for i in range(width)]
    starts = tuple(i for i in range(width) if used[i] and (i == 0 or not used[i - 1]))
    return (0, *starts[1:]) if starts else (0,)


def cut(line: str, starts: tuple[int, ...]) -> list[str]:
    """The cells of one line."""
    line = line.expandtabs()
    ends = [*starts[1:], None]
    return [line[start:end].strip() for start, end in zip(starts, ends, strict=True)] if line.strip() else []


def looks_fixed(text: str) -> bool:
    """Whether at least ten lines of about the same length share two or more blank places between columns."""
    lines = [line for line in text.splitlines()[:_LOOK_AT] if line.strip()]
    if len(lines) < 10 or any("\t" in line for line in lines):
        return False
    longest = max(len(line.rstrip()) for line in lines)
    even = sum(1 for line in lines if len(line.rstrip()) >= 0.6 * longest)
    starts = find_starts(text)
    return even >= 0.8 * len(lines) and len(starts) >= 3 and longest / len(starts) < 60
