#!/bin/sh
# Runs every fuzz target (or the ones named) for so many seconds each. Usage: fuzz/run.sh [seconds] [target...]
# Needs the nightly compiler; a crash is kept in fuzz/artifacts/ and ends the run.
set -eu
cd "$(dirname "$0")"
seconds="${1:-10}"
[ $# -gt 0 ] && shift
targets="${*:-$(ls targets | sed 's/\.rs$//')}"

# What cargo-fuzz would pass: coverage for libFuzzer, and the address sanitizer.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Zsanitizer=address -Ccodegen-units=1"
export AWS_LC_SYS_NO_JITTER_ENTROPY=1
host="$(rustc +nightly -vV | sed -n 's/^host: //p')"
cargo +nightly build --release --target "$host"

for target in $targets; do
    corpus="corpus/$target"
    mkdir -p "$corpus" artifacts
    "target/$host/release/seeds" "$target" "$corpus"
    echo "== $target"
    "target/$host/release/$target" "$corpus" -max_total_time="$seconds" -max_len=8192 -timeout=10 \
        -rss_limit_mb=1024 -artifact_prefix=artifacts/ -print_final_stats=1 -verbosity=0
done
