"""Results on people, tokens and the audit, on a terminal."""

from datetime import datetime

from rich.text import Text

from cairn.results import people
from cairn.surfaces.cli.show import Terminal, console, show, table_of


@show.register
def _(result: people.Accounts) -> None:
    out = console()
    table = table_of("person", "roles", "signs in", "")
    for one in result.accounts:
        ways = (["password"] if one.password else []) + ([one.issuer] if one.issuer is not None else [])
        table.add_row(one.person, " ".join(one.roles), ", ".join(ways), "disabled" if one.disabled else "")
    out.print(table)
    if result.password:
        out.print(Text.assemble("The password, shown this once: ", (result.password, "bold")))


@show.register
def _(result: people.Tokens) -> None:
    out = console()
    table = table_of("id", "kind", "person", "name", "scopes", "expires", "last used")
    for one in result.tokens:
        used = _moment(one.used) if one.used is not None else "never"
        scopes, expires = " ".join(one.scopes), _moment(one.expires)
        table.add_row(str(one.id), one.kind, one.person, one.name, scopes, expires, used)
    out.print(table)
    if result.secret:
        out.print(Text.assemble("The token, shown this once: ", (result.secret, "bold")))


@show.register
def _(result: people.AuditPage) -> None:
    out = console()
    for one in result.entries:
        who = f"{one.person} as {one.behalf}" if one.behalf else one.person
        decided = f"{one.decision} ({one.reason})" if one.reason else one.decision
        said = f"{one.number:7d}  {_moment(one.at)}  {who}  {one.action}  {decided}  {one.origin}"
        out.print(Text.assemble(said, (f"  {' '.join(one.objects)}", "dim")))
    if result.before is not None:
        out.print(Text(f"Older ones: cairn audit list --before {result.before}", style="dim"))


@show.register
def _(result: people.AuditVerified) -> None:
    out = console()
    for missed in result.missed:
        out.print(Text(missed, style="red"))
    said = "does not hold" if result.missed else "holds"
    out.print(f"The audit of {result.entries:,} entries {said}; the newest has the digest {result.digest}")


@show.register
def _(result: people.Feedback) -> None:
    out = console()
    for one in result.judged:
        _judged(out, one)
    if not result.judged:
        out.print("Nothing to look at.")
    if result.before is not None:
        older = f"Older ones: cairn feedback list --before {result.before.isoformat()}"
        out.print(Text(older, style="dim"))


@show.register
def _(result: people.Reviewed) -> None:
    console().print(f"Looked at by {result.reviewer}.")


def _judged(out: Terminal, result: people.Judged) -> None:
    asked = result.asked
    verdict = {True: "helpful", False: "not helpful", None: "noted"}[asked.helpful]
    who = f"{result.person} as {asked.behalf}" if asked.behalf else result.person
    out.print(Text.assemble((f"{verdict}  ", "yellow"), asked.question))
    if asked.note:
        out.print(Text(f"    {asked.note}", style="bold"))
    out.print(Text("\n".join(f"    {claim}" for claim in _answer(result))))
    seen = f"looked at by {result.reviewer}" if result.reviewer else f"cairn feedback review {asked.trace}"
    out.print(Text(f"    {who}, {_moment(asked.at)} · {seen}", style="dim"))


def _answer(judged: people.Judged) -> tuple[str, ...]:
    if judged.claims:
        return judged.claims
    return (
        ("The answer is not kept, or rests on what you may not read.",)
        if judged.asked.answered
        else ("No answer.",)
    )


@show.register
def _(result: people.Served) -> None:
    if result.address:
        console().print(f"Stopped serving {result.address}.")


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"
