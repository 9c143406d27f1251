#!/bin/sh
# Make .venv and install one pinned requirements file into it, compiled, so that the first start is no slower than the
# next. uv when it is there (or can be had), pip otherwise.
set -eu
requirements=$1
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Farol needs Python 3.11 or newer; '$python' is not. Try: make PYTHON=python3.12 run" >&2
    exit 2
fi

if ! command -v uv >/dev/null 2>&1 && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian ships Python without its venv module.
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        apt-get update -qq && apt-get install -y -qq python3-venv
    elif command -v apt-get >/dev/null 2>&1 && command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo apt-get update -qq && sudo apt-get install -y -qq python3-venv
    else
        echo "This Python cannot make environments. Install its venv module (Debian: sudo apt-get install python3-venv) or uv, then try again." >&2
        exit 2
    fi
fi

if command -v uv >/dev/null 2>&1; then
    [ -x .venv/bin/python ] || uv venv --quiet --python "$python" .venv
    uv pip install --quiet --compile-bytecode --python .venv/bin/python -r "$requirements"
    exit 0
fi

[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip --upgrade >/dev/null
if .venv/bin/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null; then
    .venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python -r "$requirements" && exit 0
    echo "uv could not install; falling back to pip." >&2
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
