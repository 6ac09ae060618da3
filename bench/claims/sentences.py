"""Claims from sentences: said again by rule, and broken in one respect.

Rules reorder clauses, write numbers and dates in other forms, use synonyms, turn passives round, drop asides,
name the source, and join sentences. None of the words are the verifier's.
"""

import re
from collections.abc import Iterator, Sequence
from random import Random

from bench.claims.evidence import Given
from bench.claims.made import Made, another, figures
from cairn.flows.answering.units import units

_MONTHS = """
January February March April May June July August September October November December
"""
MONTHS = _MONTHS.split()
_NUMERALS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty
"""
_WORDS = _NUMERALS.split()
_SUBJECTLESS = re.compile(
    r"^(?:It|They|He|She|This|These|Those|That|Its|Their|His|Her|Such|Both|There|Here|Some|Others"
    r"|Neither|We|Our|I|You|See|Note|As|However)\b"
)
_VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|will|can|must|may|should|does|did|\w+ed|\w+s)\b")
_FIGURE = re.compile(r"(?<![\w.,/-])(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?![\w,/]|\.\d|-)")
_DATE = re.compile(rf"\b(\d\d?) ({'|'.join(MONTHS)})( 20\d\d)?\b|\b({'|'.join(MONTHS)}) (\d\d?)(, 20\d\d)?\b")
_YEAR = re.compile(r"(?<![\d.,/-])(20[0-2]\d)(?![\d/-]|[.,]\d)")
_NAME = re.compile(r"(?<![.!?] )(?<!^)\b([A-Z][a-z]+(?: [A-Z][a-z]+)+)\b")
_SYNONYMS = {
    "staff": "personnel",
    "employees": "members of staff",
    "purchase": "acquire",
    "purchased": "bought",
    "obtained": "received",
    "begins": "commences",
    "began": "commenced",
    "approximately": "about",
    "primarily": "mainly",
    "principally": "mainly",
    "due to": "because of",
    "because": "since",
    "in addition to": "besides",
    "assist": "help",
    "required": "needed",
    "requires": "needs",
    "costs": "expenses",
    "determined": "established",
    "utilized": "used",
    "sufficient": "enough",
    "annually": "every year",
    "each year": "every year",
    "each day": "daily",
    "every day": "daily",
    "reported": "stated",
    "estimated": "assessed",
    "children": "kids",
    "doctor": "physician",
    "paid": "reimbursed",
    "building": "premises",
    "met": "came together",
    "informed": "told",
    "letter": "note",
    "until": "up to",
    "large": "big",
    "buy": "purchase",
    "may not": "must not",
    "at least": "no fewer than",
    "more than": "over",
    "obligations": "duties",
    "company": "firm",
    "agreement": "contract",
    "entered into": "concluded",
    "related to": "concerning",
    "in accordance with": "according to",
    "subsequent to": "after",
    "prior to": "before",
    "consists of": "comprises",
    "whoever": "anyone who",
    "within": "inside of",
    "receives": "gets",
    "supplied": "delivered",
}
_ANTONYMS = {
    "increased": "decreased",
    "increase": "decrease",
    "decreased": "increased",
    "decrease": "increase",
    "higher": "lower",
    "lower": "higher",
    "rose": "fell",
    "fell": "rose",
    "more": "fewer",
    "less": "more",
    "above": "below",
    "below": "above",
    "before": "after",
    "after": "before",
    "approved": "rejected",
    "accepted": "refused",
    "open": "closed",
    "opens": "closes",
    "permitted": "forbidden",
    "allowed": "prohibited",
    "included": "excluded",
    "includes": "excludes",
    "gain": "loss",
    "loss": "gain",
    "favorable": "unfavorable",
    "unfavorable": "favorable",
    "best": "worst",
    "maximum": "minimum",
    "minimum": "maximum",
    "always": "never",
    "gains": "losses",
    "losses": "gains",
    "with": "without",
    "without": "with",
    "highest": "lowest",
    "lowest": "highest",
    "sold": "bought",
}
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|has|have|had|will|can|must|may|should|could|would|does|did)\b(?! not\b)"
)
_DENIED = re.compile(
    r"\b(is|are|was|were|has|have|had|will|can|must|may|should|could|would|does|did|do) not\b|\b(can)not\b"
)
_PASSIVE = re.compile(
    r"^(?P<subject>[A-Z][^,;:]{3,60}?) (?P<be>is|are|was|were) (?P<verb>[a-z]+ed|led|paid|held|made"
    r"|sent|chosen|kept|given|written|done) by (?P<agent>[^,;:.]{3,60})\.$"
)


def claims(given: Given, random: Random, most: int) -> Iterator[Made]:
    """Yield true and broken claims of an evidence's sentences: of at most ``most`` of them."""
    told = [unit for unit in units([given.evidence]) if not unit.header and _stands_alone(unit.text)]
    random.shuffle(told)
    for unit in told[:most]:
        said = _again(unit.text, given, random)
        if said is None:
            continue
        text, form = said
        yield Made(text, given, form)
        yield from _broken(text, unit.text, given, form, random)


def _stands_alone(text: str) -> bool:
    words = text.split()
    return (
        7 <= len(words) <= 38
        and text[0].isupper()
        and text.split()[0] not in MONTHS
        and text.endswith(".")
        and "|" not in text
        and not _SUBJECTLESS.match(text)
        and _VERB.search(text) is not None
        and text.isascii()
        and text.count("(") == text.count(")")
        and sum(word[0].isupper() for word in words) < 0.6 * len(words)
    )


def _again(text: str, given: Given, random: Random) -> tuple[str, str] | None:
    """Say a sentence again; None where no rule applies."""
    rules = [_turned, _reordered, _other_numbers, _other_dates, _synonyms, _without_aside, _attributed]
    random.shuffle(rules)
    said, names = text, []
    for rule in rules:
        changed = rule(said, given, random)
        if changed is not None and changed != said:
            said = changed
            names.append(rule.__name__.strip("_").replace("_", " "))
        if len(names) == 2:
            break
    if not names or names == ["attributed"]:
        return None
    return said, "sentence: " + sorted(name for name in names if name != "attributed")[0]


def _turned(text: str, given: Given, random: Random) -> str | None:
    match = _PASSIVE.match(text)
    if match is None or match["verb"] in ("used",) or match["be"] in ("is", "are"):
        return None
    agent, subject = match["agent"], match["subject"]
    return f"{agent[0].upper()}{agent[1:]} {_active(match['verb'])} {_lower(subject)}."


def _active(verb: str) -> str:
    return {"chosen": "chose", "given": "gave", "written": "wrote", "done": "did"}.get(verb, verb)


def _lower(text: str) -> str:
    """Return a sentence's beginning as it stands within one: a name keeps its capital."""
    return text[0].lower() + text[1:] if text.split()[0] in _COMMON else text


_OPENERS = """
The A An In On At For From By With After Before During Each Every All No Both If When Two Three Four
Five Six Seven Eight Nine Ten Twelve Twenty-seven One As Under Because Since Until Its Their This These
"""
_COMMON = frozenset(_OPENERS.split())


def _reordered(text: str, given: Given, random: Random) -> str | None:
    """Move a clause that leads to the end, or one that gives the reason or the condition to the front."""
    lead = re.match(
        r"^((?:In|On|At|During|From|By|Since|Before|After|For|Under|When|If|As of|Until) [^,]{3,60}),"
        r" ([^,]+(?:, [^,]+)?)\.$",
        text,
    )
    if lead is not None and " and " not in lead[2][:1]:
        return f"{lead[2][0].upper()}{lead[2][1:]} {_lower(lead[1])}."
    tail = re.match(
        r"^([A-Z][^,;:]{10,120}),? ((?:because|when|if|unless|since|during|until) [^,;:]{5,80})\.$", text
    )
    if tail is not None:
        return f"{tail[2][0].upper()}{tail[2][1:]}, {_lower(tail[1])}."
    year = re.match(r"^([A-Z][^,;:]{10,140}) (in 20\d\d)\.$", text)
    if year is not None:
        return f"{year[2].capitalize()}, {_lower(year[1])}."
    return None


def _other_numbers(text: str, given: Given, random: Random) -> str | None:
    changed = re.sub(
        r"(?<![\d.,])(\d+(?:\.\d+)?) (million|billion)\b",
        lambda m: f"{float(m[1]) * 1000:,.10g} {'thousand' if m[2] == 'million' else 'million'}",
        text,
    )
    if changed == text or random.random() < 0.4:
        changed = re.sub(
            r"(?<!-)\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b(?!-)",
            lambda m: str(_WORDS.index(m[0])),
            text,
        )
    if changed == text:
        changed = re.sub(r"(?<=\d)%|(?<=\d) %", " percent", text)
    if changed == text:
        changed = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text) if re.search(r"\d{2},\d{3}", text) else text
    if changed == text:
        changed = re.sub(
            rf"(?<![\w.,-]){''.join(f'(?<!{m} )' for m in MONTHS)}([3-9]|1[0-2])(?= [a-z])",
            lambda m: _WORDS[int(m[1])],
            text,
        )
    if changed == text:
        changed = re.sub(r"\bEUR (?=\d)", "€", text)
    return changed


def _other_dates(text: str, given: Given, random: Random) -> str | None:
    def other(match: re.Match[str]) -> str:
        day, month = match[1] or match[5], match[2] or match[4]
        year = (match[3] or match[6] or "").strip(", ")
        if match[1]:
            return f"{month} {day}" + (f", {year}" if year else "")
        return f"{day} {month}" + (f" {year}" if year else "")

    changed = _DATE.sub(other, text)
    return changed if changed != text else None


def _synonyms(text: str, given: Given, random: Random) -> str | None:
    found = [word for word in _SYNONYMS if re.search(rf"\b{word}\b", text)]
    random.shuffle(found)
    for word in found[:2]:
        text = re.sub(rf"\b{word}\b", _SYNONYMS[word], text, count=1)
    return text if found else None


def _without_aside(text: str, given: Given, random: Random) -> str | None:
    changed = re.sub(r" \([^()]{3,80}\)", "", text)
    if changed == text:
        changed = re.sub(r", (?:which|who|where|including|such as|namely) [^,;]{5,90}(?=\.$)", "", text)
    return changed if changed != text and len(changed.split()) >= 6 else None


def _attributed(text: str, given: Given, random: Random) -> str | None:
    opener = random.choice(
        ("The document says that", "The report says that", "According to the text,", "The source notes that")
    )
    return f"{opener} {_lower(text)}"


def _broken(text: str, original: str, given: Given, form: str, random: Random) -> Iterator[Made]:
    """Yield the claim broken in each respect that applies."""
    breaks = {
        "number": _number(text, given, random),
        "number elsewhere": _number_elsewhere(text, original, given, random),
        "unit": _unit(text),
        "year": _year(text, given, random),
        "name": _name(text, original, given, random),
        "negation": _negation(text, random),
        "comparison": _swapped(text),
    }
    for kind, changed in breaks.items():
        if changed is not None and changed != text:
            yield Made(changed, given, form, kind)


def _quantities(text: str) -> list[re.Match[str]]:
    """Return the figures that are no years, days or parts of names."""
    dates = [match.span() for match in _DATE.finditer(text)] + [
        match.span() for match in _YEAR.finditer(text)
    ]
    return [
        match
        for match in _FIGURE.finditer(text)
        if not any(a <= match.start() < b for a, b in dates)
        and not re.search(
            r"\b(?:Note|Item|Topic|Article|Section|Part|Level|level|Form|No\.|Rule|Exhibit|ASU|ASC|page"
            r"|chapter|Schedule)\s?$",
            text[: match.start()],
        )
    ]


def _number(text: str, given: Given, random: Random) -> str | None:
    found = _quantities(text)
    if not found:
        return None
    match = random.choice(found)
    value = float(match[0].replace(",", ""))
    changed = another(value, figures(given.evidence.text), random)
    return _with(text, match, f"{changed:,.10g}")


def _number_elsewhere(text: str, original: str, given: Given, random: Random) -> str | None:
    """Put in a number that stands in the evidence, in another sentence or elsewhere in this one."""
    found = _quantities(text)
    if not found:
        return None
    match = random.choice(found)
    value = float(match[0].replace(",", ""))
    others = [float(m[0].replace(",", "")) for m in _quantities(given.evidence.text)]
    others = [
        o
        for o in others
        if o >= 2 and abs(o - value) > 0.1 * max(o, value) and 0.02 < (o / value if value else 0) < 50
    ]
    if not others:
        return None
    return _with(text, match, f"{random.choice(others):,.10g}")


def _with(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _unit(text: str) -> str | None:
    for old, new in (
        (r"\bmillion\b", "billion"),
        (r"\bbillion\b", "million"),
        (r"(?<=\d) ?thousand\b", " million"),
        (r"(?<=\d) ?(?:%|percent\b|per cent\b)", " percentage points"),
        (r"\bhours\b", "days"),
        (r"\bminutes\b", "hours"),
        (r"\bdays\b", "weeks"),
        (r"\bweeks\b", "months"),
        (r"\bmonths\b", "years"),
        (r"\byears\b", "months"),
        (r"\bmetres\b", "kilometres"),
        (r"\blitres\b", "millilitres"),
        (r"\bEUR (?=\d)|€(?=\d)", "USD "),
        (r"\$(?=\d)", "€"),
    ):
        number = re.search(old, text)
        near = number is not None and re.search(
            r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve)\b",
            text[max(0, number.start() - 14) : number.end() + 2],
        )
        if near:
            return re.sub(old, new, text, count=1)
    return None


def _year(text: str, given: Given, random: Random) -> str | None:
    found = list(_YEAR.finditer(text))
    if not found:
        return None
    match = random.choice(found)
    others = sorted({m[1] for m in _YEAR.finditer(given.evidence.text)} - {m[1] for m in found})
    new = (
        random.choice(others)
        if others and random.random() < 0.6
        else str(int(match[1]) + random.choice((-2, -1, 1, 2)))
    )
    return _with(text, match, new) if new not in {m[1] for m in found} else None


def _name(text: str, original: str, given: Given, random: Random) -> str | None:
    mine = [m for m in _NAME.finditer(text) if m[1].split()[0] not in MONTHS]
    if not mine:
        return None
    others = [
        m[1]
        for m in _NAME.finditer(given.evidence.text)
        if m[1] not in text
        and m[1].split()[0] not in MONTHS
        and not re.search(r"Ended|Months?|Year|On |Total", m[1])
    ]
    others += (
        ["Otto Brennan", "Northgate Holdings", "Mira Solheim", "Westmark Partners"]
        if not others or random.random() < 0.5
        else []
    )
    match = random.choice(mine)
    others = [one for one in others if not set(one.split()) & set(match[1].split())]
    return _with(text, match, random.choice(others)) if others else None


def _negation(text: str, random: Random) -> str | None:
    denied = _DENIED.search(text)
    if denied is not None:
        return text[: denied.start()] + (denied[1] or denied[2]) + text[denied.end() :]
    ways = []
    words = [word for word in _ANTONYMS if re.search(rf"\b{word}\b", text)]
    if words:
        word = random.choice(words)
        ways.append(re.sub(rf"\b{word}\b", _ANTONYMS[word], text, count=1))
    auxiliary = _AUXILIARY.search(text)
    if auxiliary is not None and not re.search(r"\b(?:no|never|nobody|none|nothing|not)\b", text):
        ways.append(text[: auxiliary.end()] + " not" + text[auxiliary.end() :])
    return random.choice(ways) if ways else None


def _swapped(text: str) -> str | None:
    """Swap the two numbers of a movement, or the two sides of a comparison."""
    moved = re.search(
        r"\bfrom ((?:EUR |[$€])?[\d.,]*\d(?: ?(?:%|million|billion|percent))?|[a-z]+teen|[a-z]+) to"
        r" ((?:EUR |[$€])?[\d.,]*\d(?: ?(?:%|million|billion|percent))?|[a-z]+)\b",
        text,
    )
    if moved is not None and re.search(
        r"\b(?:rise|rose|increas\w+|fell|fall\w*|decreas\w+|declin\w+|grew|drop\w*|cut|reduc\w+|raised"
        r"|up|down)\b",
        text,
    ):
        return text[: moved.start()] + f"from {moved[2]} to {moved[1]}" + text[moved.end() :]
    ordered = re.match(
        r"^(\w+(?: \w+){0,3}) ((?:is|are|was|were|has|have|had) (?:\w+ )?(?:more|less|higher|lower"
        r"|larger|smaller|older|better|longer|faster)\b[^,.]{0,30}?) than ((?:in |the )?[^,.]{3,40})\.$",
        text,
    )
    if ordered is not None:
        second = ordered[3]
        return f"{second[0].upper()}{second[1:]} {ordered[2]} than {_lower(ordered[1])}."
    return None


def miscited(made: Sequence[Made], random: Random) -> Iterator[Made]:
    """Yield true claims that cite another passage: of the same document where there is one."""
    by_document: dict[tuple[str, str], list[Given]] = {}
    by_source: dict[tuple[str, str], list[Given]] = {}
    for one in made:
        by_document.setdefault((one.given.source, one.given.document), []).append(one.given)
        by_source.setdefault((one.given.source, one.given.half), []).append(one.given)
    for one in made:
        if one.broken:
            continue
        near = [
            g
            for g in by_document[one.given.source, one.given.document]
            if g.evidence.id != one.given.evidence.id
        ]
        far = [g for g in by_source[one.given.source, one.given.half] if g.document != one.given.document]
        others = near if near and random.random() < 0.6 else far
        other = random.choice(others) if others else None
        if other is not None and not _says(other.evidence.text, one):
            yield one._replace(given=other, broken="citation")


def _says(text: str, one: Made) -> bool:
    """Tell whether a passage may say what a claim says: its words or its numbers are there."""
    words = {w for w in re.findall(r"[a-z]{4,}", one.text.lower())}
    held = set(re.findall(r"[a-z]{4,}", text.lower()))
    numbers = {f for f in figures(one.text) if len(f) > 2}
    return len(words & held) > 0.75 * len(words) and (not numbers or bool(numbers & figures(text)))
