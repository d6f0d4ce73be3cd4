"""`python -m conformance.fuzz --seconds 60` gives each target its share of the time, led by atheris.

A crash stops the run and leaves the bytes in a file, to become a case of `conformance/http1/requests.toml` or a test.
"""

import argparse
import subprocess
import sys

import atheris

with atheris.instrument_imports(include=["muntin"]):
    from conformance.fuzz.targets import TARGETS
    from conformance.http1.cases import read_cases


def fuzz(name: str, seconds: int) -> None:
    """Fuzz one target in this process, which ends with it."""
    words = sorted({word for case in read_cases() for word in case.raw.split() if len(word) < 30})
    corpus = [case.raw for case in read_cases() if len(case.raw) < 1000]

    def mutate(data: bytes, limit: int, seed: int) -> bytes:
        # Now and then begin anew from a case, or put in a word of HTTP: bytes alone seldom come that far.
        if seed % 7 == 0:
            data = corpus[seed // 7 % len(corpus)]
        elif seed % 7 == 1:
            at = seed // 7 % (len(data) + 1)
            data = data[:at] + words[seed // 49 % len(words)] + data[at:]
        return bytes(atheris.Mutate(data, limit))

    atheris.Setup(
        [sys.argv[0], f"-max_total_time={seconds}", "-max_len=4096", "-verbosity=0"],
        TARGETS[name],
        custom_mutator=mutate,
    )
    atheris.Fuzz()


def main() -> None:
    """Fuzz the targets one after the other, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m conformance.fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together")
    parser.add_argument("--target", choices=TARGETS, help="this one alone")
    options = parser.parse_args()
    if options.target:
        fuzz(options.target, options.seconds)
        return
    share = max(1, options.seconds // len(TARGETS))
    for name in TARGETS:
        print(f"{name}: {share} s", flush=True)
        command = [sys.executable, "-m", "conformance.fuzz", "--target", name, "--seconds", str(share)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
