"""The private database servers answer, and each database asked for is new and empty."""

import sqlalchemy as sa


def test_postgres(postgres):
    _fresh(postgres)


def test_mariadb(mariadb):
    _fresh(mariadb)


def _fresh(server):
    urls = [server.new_database() for _ in range(2)]
    assert urls[0] != urls[1]
    assert {url.host for url in urls} == {"127.0.0.1"}
    server.execute("CREATE TABLE t (a int)", database=urls[0].database)
    for url, tables in zip(urls, (["t"], []), strict=True):
        engine = sa.create_engine(url)
        assert sa.inspect(engine).get_table_names() == tables
        engine.dispose()
