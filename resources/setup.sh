#!/bin/sh
# Everything Earmap needs, in one place: Debian's libraries, and Python's packages in .venv of this clone.
#
#   sh resources/setup.sh                install what is missing
#   sh resources/setup.sh run [ARGS]     ... and start earmap with ARGS
#   sh resources/setup.sh test [ARGS]    ... and run all tests; ARGS go to pytest
#   sh resources/setup.sh check          ... and run the linters and the type checker
#
# What is there is not asked for again, so that no network is needed once all is installed.
set -eu

here=$(pwd)
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
PATH=$PATH:/usr/sbin:/sbin
unset PYTHONDONTWRITEBYTECODE # every job is a process, which would compile PyTorch and all else anew
oldest=11 newest=13 # of Python 3

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Library and the Debian package it is in: for the window, and for sound.
libraries='
libportaudio.so.2 libportaudio2
libEGL.so.1 libegl1
libGL.so.1 libgl1
libglib-2.0.so.0 libglib2.0-0
libdbus-1.so.3 libdbus-1-3
libfontconfig.so.1 libfontconfig1
libxkbcommon.so.0 libxkbcommon0
libxkbcommon-x11.so.0 libxkbcommon-x11-0
libX11-xcb.so.1 libx11-xcb1
libxcb-cursor.so.0 libxcb-cursor0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-image.so.0 libxcb-image0
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-randr.so.0 libxcb-randr0
libxcb-render.so.0 libxcb-render0
libxcb-render-util.so.0 libxcb-render-util0
libxcb-shape.so.0 libxcb-shape0
libxcb-shm.so.0 libxcb-shm0
libxcb-sync.so.1 libxcb-sync1
libxcb-util.so.1 libxcb-util1
libxcb-xfixes.so.0 libxcb-xfixes0
libxcb-xkb.so.1 libxcb-xkb1
libwayland-client.so.0 libwayland-client0
libwayland-cursor.so.0 libwayland-cursor0
libwayland-egl.so.1 libwayland-egl1
'
# Command and package: a screen, a sound card and a session bus that are not there, for the tests.
test_commands='
Xvfb xvfb
pulseaudio pulseaudio
pactl pulseaudio-utils
dbus-run-session dbus
'

missing_packages() { # $1: run or test
    known=$(ldconfig -p 2>/dev/null) || known=
    if [ -n "$known" ]; then
        printf '%s' "$libraries" | while read -r library package; do
            case $known in *"$library"*) ;; *) [ -z "$library" ] || echo "$package" ;; esac
        done
    fi
    find /usr/share/fonts /usr/local/share/fonts "${HOME:-/}/.fonts" -name '*.[ot]tf' 2>/dev/null | grep -q . ||
        echo fonts-dejavu-core
    [ "$1" = test ] || return 0
    printf '%s' "$test_commands" | while read -r command package; do
        [ -z "$command" ] || have "$command" || echo "$package"
    done
    find /usr/lib /usr/lib64 -name libasound_module_pcm_pulse.so 2>/dev/null | grep -q . || echo libasound2-plugins
}

install_packages() { # names of Debian packages
    if ! have apt-get; then
        say "Earmap also needs what Debian calls: $*. Please install it with this system's package manager."
        return 0
    fi
    as_root=
    if [ "$(id -u)" != 0 ]; then
        have sudo || {
            say "Please have an administrator run: apt-get install $*"
            return 0
        }
        as_root=sudo
    fi
    say "Installing from Debian: $*"
    $as_root apt-get update -q </dev/null || say "The list of Debian's packages could not be renewed."
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 "$@" </dev/null ||
        say "Not all could be installed; Earmap goes on without: $*"
}

install_system() { # $1: run or test
    [ "$(uname -s)" = Linux ] || return 0
    missing=$(missing_packages "$1" | sort -u)
    # shellcheck disable=SC2086 # one word for each package
    [ -z "$missing" ] || install_packages $missing
}

python_fits() {
    "$1" -c "import ctypes, ensurepip, sqlite3, ssl, sys, venv
sys.exit(not (3, $oldest) <= sys.version_info[:2] <= (3, $newest))" >/dev/null 2>&1
}

find_python() {
    for name in ${PYTHON:-python3} python3.13 python3.12 python3.11; do
        if have "$name" && python_fits "$name"; then
            echo "$name"
            return 0
        fi
    done
    return 1
}

venv_fits() {
    # Scripts in .venv name the folder that it was made in.
    [ ! -e .venv/.root ] || [ "$(cat .venv/.root)" = "$root" ] || return 1
    .venv/bin/python -c "import pip, sys
sys.exit(not (3, $oldest) <= sys.version_info[:2] <= (3, $newest))" >/dev/null 2>&1
}

make_venv() {
    if venv_fits; then return 0; fi
    python=$(find_python) || {
        if have apt-get; then install_packages python3 python3-venv; fi
        python=$(find_python) || fail "Earmap needs Python 3.$oldest to 3.$newest with its venv module" \
            "(Debian: python3 and python3-venv); found: $(python3 --version 2>&1 || true)."
    }
    rm -rf .venv
    "$python" -m venv .venv || fail "Python's environment could not be made in $root/.venv."
    printf '%s\n' "$root" >.venv/.root
}

wanted() { # changes whenever something has to be installed again
    cksum <pyproject.toml
    .venv/bin/python --version
}

repair() { # after an interruption: a package whose list of files was not written yet is not all there
    for info in .venv/lib/python*/site-packages/*.dist-info; do
        [ -s "$info/RECORD" ] || rm -rf "$info"
    done
}

install_python() { # $1: run or test
    make_venv
    now=$(wanted)
    [ "$(cat ".venv/.installed-$1" 2>/dev/null || true)" != "$now" ] || return 0
    say "Installing Python's packages into $root/.venv (some 6 GB the first time)."
    [ ! -e .venv/.installing ] || repair
    # What was installed for another state of the project is about to change.
    [ "$(cat .venv/.installed-run 2>/dev/null || true)" = "$now" ] || rm -f .venv/.installed-*
    : >.venv/.installing
    kind=$1
    set -- --editable .
    [ "$kind" = run ] || set -- "$@" --group dev
    install_with_uv "$@" || install_with_pip "$@" ||
        fail "Python's packages could not be installed; the lines above say why. Is there a network?"
    printf '%s\n' "$now" >.venv/.installed-run # the tests' packages hold the program's
    printf '%s\n' "$now" >".venv/.installed-$kind"
    rm .venv/.installing
}

pip() { .venv/bin/python -m pip --disable-pip-version-check --retries 1 "$@"; }

install_with_uv() { # takes half of pip's time
    [ -x .venv/bin/uv ] || pip install --quiet uv || return 1
    .venv/bin/uv pip install --python .venv/bin/python "$@"
}

install_with_pip() {
    say "Without uv, then."
    pip install --quiet 'pip>=25.1' && pip install "$@" # the first that knows dependency groups
}

install() { # $1: run or test
    install_system "$1"
    install_python "$1"
}

run() {
    if { [ $# -eq 0 ] || [ "$1" = --demo ]; } && [ "$(uname -s)" = Linux ] &&
        [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}${QT_QPA_PLATFORM:-}" ]; then
        fail "There is no screen to open a window on. The commands work without one: sh resources/setup.sh run --help"
    fi
    cd -- "$here" # paths in the arguments are the caller's
    exec "$root/.venv/bin/earmap" "$@"
}

check() {
    failed=
    for tool in 'ruff check' 'ruff format --check' mypy lint-imports; do
        say "== $tool"
        # shellcheck disable=SC2086 # command and arguments
        .venv/bin/$tool || failed="$failed, $tool"
    done
    [ -z "$failed" ] || fail "Failed: ${failed#, }."
}

cd -- "$root"
case ${1:-} in
'') install run ;;
run)
    shift
    install run
    run "$@"
    ;;
test)
    shift
    install test
    # They bring a screen and a sound card of their own. Many only wait, for sound or for a process: two at a time.
    exec .venv/bin/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder "$@"
    ;;
check)
    install test
    check
    ;;
*)
    say "Usage: sh resources/setup.sh [run [ARGS] | test [ARGS] | check]"
    exit 2
    ;;
esac
