# Sourced by ./run and ./test: finds Python, makes .venv and installs pinned, hashed packages. Expects $root.
# Quiet when there is nothing to do; one clear sentence when something is missing.
venv=$root/.venv
# Compiled modules are kept, whatever the surroundings say: compiling all anew costs every process 1.5 s.
unset PYTHONDONTWRITEBYTECODE

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

find_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 14)))' 2>/dev/null; then
            printf '%s' "$candidate"
            return
        fi
    done
    fail "K-TOP needs Python 3.11 to 3.14, and none was found: install one (for example: apt install python3 python3-venv), then try again."
}

# ensure NAME: installs requirements/NAME.txt unless the very same file has been installed already. The stamp is written
# last, so an interrupted installation is simply taken up again.
ensure() {
    wanted=$(cksum <"$root/requirements/$1.txt")
    stamp=$venv/.installed-$1
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        return
    fi
    if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
        python=$(find_python)
        printf 'Making the environment in .venv with %s ...\n' "$("$python" --version)" >&2
        "$python" -m venv "$venv" 2>/dev/null ||
            fail "Python's venv module is incomplete here: install it (for example: apt install python3-venv), then try again."
    fi
    printf 'Installing the pinned packages of requirements/%s.txt (once) ...\n' "$1" >&2
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
        --only-binary :all: --no-compile -r "$root/requirements/$1.txt" >"$venv/install.log" 2>&1 || {
        grep -E '^ERROR' "$venv/install.log" | head -n 3 >&2
        fail "The packages could not be installed; the whole log is .venv/install.log. Check the network connection, then try again."
    }
    printf '%s' "$wanted" >"$stamp"
}

# The driver of PostgreSQL is installed where the database's address asks for it.
ensure_database() {
    case "${KTOP_DATABASE_URL:-}" in
        postgres*) ensure postgres ;;
    esac
}
