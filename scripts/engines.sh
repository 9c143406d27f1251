#!/bin/sh
# Engine tests want PostgreSQL, MariaDB, a Java runtime and Spark. Get them where that is possible; where it is not,
# those tests skip and say so. Run as often as you like: what is there is left alone, and nothing here fails a build.
have() { command -v "$1" >/dev/null 2>&1; }
have_postgres() { have postgres || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; }
have_mariadb() { have mariadbd || [ -x /usr/sbin/mariadbd ]; }

wanted=""
have_postgres || wanted="$wanted postgresql"
have_mariadb || wanted="$wanted mariadb-server"
have java || wanted="$wanted default-jre-headless"

if [ -n "$wanted" ] && have apt-get; then
    if [ "$(id -u)" = 0 ]; then run=""; elif have sudo && sudo -n true 2>/dev/null; then run="sudo"; else run="no"; fi
    if [ "$run" != no ]; then
        # Packages would start their servers: tests start private ones, so none is let run.
        policy=/usr/sbin/policy-rc.d
        made=no
        if [ ! -e "$policy" ] && printf '#!/bin/sh\nexit 101\n' | $run tee "$policy" >/dev/null 2>&1; then
            $run chmod +x "$policy" && made=yes
        fi
        $run apt-get update -qq >/dev/null 2>&1
        # one by one, so that what cannot be had does not keep the others away
        for package in $wanted; do
            $run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1
        done
        [ "$made" = yes ] && $run rm -f "$policy"
    fi
fi

if [ -x .venv/bin/python ] && ! .venv/bin/python -c 'import pyspark' 2>/dev/null; then
    if have uv; then
        uv pip install --quiet --python .venv/bin/python -r requirements-spark.txt >/dev/null 2>&1
    elif [ -x .venv/bin/uv ]; then
        .venv/bin/uv pip install --quiet --python .venv/bin/python -r requirements-spark.txt >/dev/null 2>&1
    else
        .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-spark.txt >/dev/null 2>&1
    fi
fi

missing=""
have_postgres || missing="$missing PostgreSQL"
have_mariadb || missing="$missing MariaDB"
have java || missing="$missing Java"
.venv/bin/python -c 'import pyspark' 2>/dev/null || missing="$missing pyspark"
[ -z "$missing" ] || echo "Not here:$missing. Tests that need them will be skipped." >&2
exit 0
