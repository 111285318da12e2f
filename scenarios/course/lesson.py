"""Knows the form of a lesson's page: what of it is a screen, what is typed, what is then seen, and what is asked. trainer.md explains the form."""
import dataclasses
import pathlib
import re
import textwrap

FOLDER = pathlib.Path(__file__).resolve().parent
COLUMNS, LINES = 80, 22  # of a terminal of 80 x 24: two lines are for the prompt
ANY_LINES = "..."


@dataclasses.dataclass
class Text:
    text: str


@dataclasses.dataclass
class Step:
    """A command, and what is then seen; or something done by hand."""
    kind: str  # sh, hand
    text: str
    waits: bool = False  # the command is repeated until it is seen
    seen: str = None


@dataclasses.dataclass
class Question:
    text: str
    answer: str = ""


@dataclasses.dataclass
class Screen:
    title: str
    parts: list = dataclasses.field(default_factory=list)

    def steps(self):
        return [part for part in self.parts if isinstance(part, Step)]


@dataclasses.dataclass
class Lesson:
    number: int
    title: str
    lab: str  # the lab host's command line; None: it takes none
    screens: list


def shown(text):
    """Markdown as a terminal shows it."""
    lines = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if paragraph.startswith("!["):
            continue
        marks = re.split(r"(?m)^(?=[-*] |\d+\. )", paragraph) if re.match(r"[-*] |\d+\. ", paragraph) else [paragraph]
        lines.append("")
        for mark in marks:
            plain = " ".join(re.sub(r"[*]{2}|`", "", mark).split())
            plain = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", plain)
            lines += textwrap.wrap(plain, COLUMNS - 2, subsequent_indent="  " if re.match(r"[-*] |\d+\. ", plain) else "",
                                   break_long_words=False, break_on_hyphens=False)
    return lines


def blocks(text):
    """The page's blocks, in order: (name of a fence or "", text)."""
    outside = []
    fence = None
    for line in text.splitlines():
        if line.startswith("```"):
            if fence is None:
                yield "", "\n".join(outside)
                fence, outside = line[3:].strip(), []
            else:
                yield fence, "\n".join(outside)
                fence, outside = None, []
        else:
            outside.append(line)
    yield "", "\n".join(outside)


def prose(text):
    """Paragraphs outside of fences, with questions and answers by themselves."""
    for part in re.split(r"(?m)^(?=(?:Question|Answer): )|(?<=\n)\n(?=\S)", text):
        word, _, rest = part.partition(": ")
        yield (word, rest.strip()) if word in ("Question", "Answer") else ("", part)


def parse(path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    head = re.match(r"# Lesson (\d+): (.+)\n", text)
    if not head:
        raise ValueError(f"{path}: a lesson begins with `# Lesson N: TITLE'")
    body = re.split(r"(?m)^---$", text[head.end():])[0]  # what follows is for readers of the page
    lesson = Lesson(int(head[1]), head[2], None, [])
    for part in re.split(r"(?m)^## ", body):
        title, _, rest = part.partition("\n") if lesson.screens or part.strip() == "" else (head[2], "", part)
        if not lesson.screens and not part.strip():
            continue
        screen = Screen(title.strip())
        for fence, inside in blocks(rest):
            add(lesson, screen, fence, inside, path)
        lesson.screens.append(screen)
    return lesson


def add(lesson, screen, fence, inside, path):
    kind, _, word = fence.partition(" ")
    if kind == "lab":
        lesson.lab = inside
    elif kind in ("sh", "hand"):
        screen.parts.append(Step(kind, inside, waits=word == "wait"))
    elif kind == "text":
        screen.steps()[-1].seen = inside
    elif kind == "":
        for word, said in prose(inside):
            if word == "Question":
                screen.parts.append(Question(said))
            elif word == "Answer":
                screen.parts[-1].answer = said
            elif said.strip():
                screen.parts.append(Text(said))
    else:
        raise ValueError(f"{path}: there is no such block as ```{fence}")


def pages():
    return {int(path.name.partition("-")[0]): path for path in sorted(FOLDER.glob("[0-9]*-*.md"))}


def plain(line):
    return " ".join(line.split())


def one_line(command):
    """As a shell joins what is continued."""
    return plain(command.replace("\\\n", " "))


def filled(command, known):
    """The command with what was seen before in place of <NAME>."""
    return re.sub(r"<([A-Z0-9]+)>", lambda name: known.get(name[1], name[0]), command)


def match(seen, output, known):
    """Whether the output is what the page has, where `...' stands for anything and <NAME> for what it first was. Adds to known."""
    pattern, named = "", set()
    for line in seen.strip("\n").splitlines():
        if line.strip() == ANY_LINES:
            pattern += r"(?:[^\n]*\n)*?"
            continue
        for piece in re.split(r"(\.\.\.|<[A-Z0-9]+>)", plain(line)):
            name = piece[1:-1]
            if piece == ANY_LINES:
                pattern += r"[^\n]*?"
            elif not piece.startswith("<") or not piece.endswith(">") or not name.isalnum():
                pattern += re.escape(piece)
            elif name in known:
                pattern += re.escape(known[name])
            elif name in named:
                pattern += f"(?P={name})"
            else:
                pattern += rf"(?P<{name}>[\w:.-]+)"
                named.add(name)
        pattern += r"\n"
    found = re.fullmatch(pattern, "".join(plain(line) + "\n" for line in output.strip("\r\n").splitlines()))
    if found:
        known.update(found.groupdict())
    return bool(found)
