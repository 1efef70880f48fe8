"""Runs the commands of a page of documentation, in a folder of its own.

    python3 docs.py PAGE.md FOLDER [--bless]

    ```yaml net.yaml    a block with a file's name is written to that file
    ```sh               is run by sh -e; has to succeed
    ```text             behind it: what it prints, to the letter

--bless writes into the page what the commands print, if all succeed. Ends with "N passed, M failed".
"""
import difflib
import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)


def run(script, folder):
    done = subprocess.run(["sh", "-e"], input=script, cwd=folder, text=True, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def compare(page, expected, printed):
    if expected == printed:
        return True
    print("".join(difflib.unified_diff(expected.splitlines(True), printed.splitlines(True), page, "printed")))
    return False


def main(page, folder, bless=False):
    text = pathlib.Path(page).read_text()
    passed = failed = 0
    printed, blessed, end = "", [], 0
    for block in BLOCK.finditer(text):
        kind, name, body = block.groups()
        if name:
            (pathlib.Path(folder) / name).write_text(body)
        elif kind == "sh":
            status, printed = run(body, folder)
            passed, failed = passed + (status == 0), failed + (status != 0)
            if status:
                print(f"{page}: status {status}\n{body}{printed}")
        elif kind == "text":
            ok = bool(bless) or compare(page, body, printed)
            passed, failed = passed + ok, failed + (not ok)
            blessed += [text[end:block.start(3)], printed]
            end = block.end(3)
    if bless and not failed:
        pathlib.Path(page).write_text("".join(blessed) + text[end:])
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or not passed


sys.exit(main(*sys.argv[1:]))
