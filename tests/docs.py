"""Runs the commands of a page of documentation, in a folder of its own.

    python3 docs.py PAGE.md FOLDER NOT_RUN [--bless]

    ```yaml net.yaml      a block with a file's name is written to that file
    ```c within net.h     has to stand in that file, but for indentation
    ```sh                 is run by sh -e; has to succeed
        cnngen ...        an indented block likewise
    | `cnngen ...` |      the first cell of a row of a table likewise
    <!-- sh: ... -->      likewise; not to be seen on the page
    ```text               behind them: what the last of them prints, to the letter

Anything else that is a block of its own stands in NOT_RUN: a line "PAGE | first line of the block | reason", or
fails. So does a line there whose block is gone, and a link into these pages that leads nowhere. --bless writes into the page what the commands print, if all
succeed. Ends with "N passed, M failed".
"""
import difflib
import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r"^```(?P<kind>\w*)(?: (?P<within>within )?(?P<name>\S+))?\n(?P<body>.*?)^```$"
                   r"|^\n(?P<indented>(?:    [^\n]*\n|\n(?=    ))+)"
                   r"|^\| `(?P<cell>cnngen [^`]*)` \|"
                   r"|^<!-- sh: (?P<hidden>.*?) -->$", re.M | re.S)


LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.M)


def anchors(page):
    """Of its headings, as GitHub and others make them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
            for title in HEADING.findall(text)}


def run(script, folder):
    done = subprocess.run(["sh", "-e"], input=script, cwd=folder, text=True, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def compare(page, expected, printed):
    if expected == printed:
        return True
    print("".join(difflib.unified_diff(expected.splitlines(True), printed.splitlines(True), page,
                                       "printed")))
    return False


def lines(text):
    return "\n".join(line.strip() for line in text.splitlines()) + "\n"


class Page:
    def __init__(self, path, folder, not_run):
        self.path, self.folder = pathlib.Path(path), pathlib.Path(folder)
        self.text = self.path.read_text()
        self.passed = self.failed = 0
        self.printed, self.blessed, self.end = "", [], 0
        rows = [[cell.strip() for cell in line.split(" | ")] for line in open(not_run)
                if line.strip()]
        self.not_run = {first: False for page, first, _ in rows if page == self.path.name}

    def settle(self, ok, message=""):
        self.passed, self.failed = self.passed + ok, self.failed + (not ok)
        if not ok and message:
            print(f"{self.path}: {message}")

    def left_out(self, body):
        first = body.strip().partition("\n")[0].strip()
        if first not in self.not_run:
            return False
        self.not_run[first] = True
        return True

    def command(self, script):
        status, self.printed = run(script, self.folder)
        self.settle(status == 0, f"status {status}\n{script}{self.printed}")

    def output(self, block, bless):
        self.settle(bool(bless) or compare(str(self.path), block["body"], self.printed))
        self.blessed += [self.text[self.end:block.start("body")], self.printed]
        self.end = block.end("body")

    def fenced(self, block, bless):
        kind, name, body = block["kind"], block["name"], block["body"]
        if block["within"]:
            file = self.folder / name
            self.settle(file.exists() and lines(body) in lines(file.read_text()),
                        f"this isn't in {name}:\n{body}")
        elif name:
            (self.folder / name).write_text(body)
        elif self.left_out(body):
            pass
        elif kind == "sh":
            self.command(body)
        elif kind == "text":
            self.output(block, bless)
        else:
            self.settle(False, f"a block that nothing tests\n{body}")

    def block(self, block, bless):
        if block["kind"] is not None:
            self.fenced(block, bless)
        elif block["indented"]:
            if not self.left_out(block["indented"]):
                self.command(block["indented"])
        else:
            self.command((block["cell"] or block["hidden"]) + "\n")

    def links(self):
        for path, anchor in LINK.findall(self.text):
            to = self.path.parent / path if path else self.path
            self.settle(to.exists(), f"nothing is at {path}")
            if anchor and to.suffix == ".md" and to.exists():
                self.settle(anchor in anchors(to),
                            f"{path or 'this page'} has no heading #{anchor}")

    def check(self, bless):
        self.links()
        for block in BLOCK.finditer(self.text):
            self.block(block, bless)
        for first, seen in self.not_run.items():
            self.settle(seen, f"no block begins with '{first}' any longer")
        if bless and not self.failed and self.blessed:
            self.path.write_text("".join(self.blessed) + self.text[self.end:])
        print(f"{self.passed} passed, {self.failed} failed")
        return self.failed > 0


def main(path, folder, not_run, bless=False):
    return Page(path, folder, not_run).check(bless)


sys.exit(main(*sys.argv[1:]))
