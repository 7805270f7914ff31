"""A roadmap as Markdown, for those who go on writing: what its page says, with the sources as footnotes.

CommonMark with the tables and footnotes of GitHub Flavored Markdown; media type `text/markdown` (RFC 7763). Texts of
the graph are escaped, so that they stay text; records are linked by their IRIs, which last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from graph_service.formats.common import Label, slug_of
from graph_service.terms import Iri, Literal
from graph_service.views import Citation, Event, Institution, Mandate, Membership, Period, Roadmap, Statement

IN_FORCE = ("certain", "possible")
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#&~^])")
_LIST_MARK = re.compile(r"^(\d+)([.)])|^([-+])")


@dataclass(frozen=True, slots=True)
class Words:
    """How a language says things."""

    language: str
    say: Callable[[str], str]  # a text of ours, translated
    label: Label  # the name of a record
    date: Callable[[str], str]  # a day, month or year
    interval: Callable[[str, str], str | None]  # from when until when; None where that needs two dates
    enumerated: Callable[[Sequence[str]], str]  # A, B and C


def plain(text: Literal | str) -> str:
    r"""Text that stays text in Markdown, on one line.

    >>> plain("1. *Fiscalía* <b>[sic]</b>\n# not a heading")
    '1\\. \\*Fiscalía\\* \\<b\\>\\[sic\\]\\</b\\> \\# not a heading'
    """
    line = _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))
    return _LIST_MARK.sub(lambda mark: f"{mark[1]}\\{mark[2]}" if mark[1] else f"\\{mark[3]}", line)


def roadmap_markdown(
    roadmap: Roadmap, words: Words, *, axes: Sequence[Iri], components: Sequence[Iri], release: int, address: str
) -> bytes:
    """Write a roadmap as Markdown.

    Args:
        axes, components: the rows and columns of its tables, also the empty ones.
        release, address: where it was taken from, so that it can be found again.
    """
    writer = _RoadmapWriter(roadmap, words, tuple(axes), tuple(components))
    blocks = writer.blocks(release, address)
    return ("\n\n".join(block.rstrip() for block in blocks if block) + "\n").encode()


class _RoadmapWriter:
    """The blocks of the document, in the order of the page."""

    def __init__(self, roadmap: Roadmap, words: Words, axes: tuple[Iri, ...], components: tuple[Iri, ...]) -> None:
        self.roadmap, self.words, self.axes, self.components = roadmap, words, axes, components
        self.say, self.country = words.say, self.name(roadmap.country)
        self.numbers = {(each.source, each.quote): number for number, each in enumerate(roadmap.sources, 1)}

    def blocks(self, release: int, address: str) -> Iterator[str]:
        say, view = self.say, self.roadmap
        yield f"# {say('%(country)s: roadmap') % {'country': self.country}}"
        yield self.lead()
        told = say("Release %(number)s, as of %(day)s.") % {"number": release, "day": self.words.date(view.as_of)}
        yield f"{told} <{address}>"
        yield self.figures()
        yield f"## {say('What happened and what is planned')}"
        yield self.items(map(self.event, view.events), say("No activity recorded"))
        yield f"## {say('Who covers which axis')}"
        yield say(
            "Institutions by axis and component. Short names link to the full record. "
            "An empty cell is a gap in the sources, not proof that nobody does it."
        )
        yield f"### {say('As of %(day)s') % {'day': self.words.date(view.as_of)}}"
        yield self.grid(view.mandates)
        between = {"year": view.then, "day": self.words.date(view.as_of)}
        yield f"### {say('What changed between %(year)s and %(day)s') % between}"
        yield self.changes()
        yield f"### {say('As of %(year)s, the year of the plan') % {'year': view.then}}"
        yield self.grid(view.mandates_then)
        yield f"## {say('Regional organisations')}"
        yield self.items(map(self.membership, view.memberships), say("None recorded"))
        yield f"## {say('Gaps to close')}"
        yield self.gaps()
        yield f"## {say('What sources say about roadmaps')}"
        yield self.not_published()
        yield self.items(map(self.statement, view.statements), say("None recorded"))
        yield f"## {say('All institutions: %(country)s') % {'country': self.country}}"
        yield self.items(map(self.institution, view.institutions), say("None recorded"))
        yield f"## {say('The country')}"
        yield self.facts()
        yield f"## {say('Sources')}"
        yield "\n\n".join(self.source(number, each) for number, each in enumerate(view.sources, 1))

    def lead(self) -> str:
        view, say = self.roadmap, self.say
        names = {"plan": self.link(view.plan), "programme": self.link(view.programme)}
        visited = {"true": say("Visited by its missions."), "false": say("No mission to this country is recorded.")}
        said = [say("Part of %(plan)s of %(programme)s.") % names, visited.get(view.facts["visited"], "")]
        return " ".join(filter(None, said)) + self.notes(view.citations)

    def figures(self) -> str:
        view, say = self.roadmap, self.say
        covered = {each.axis for each in view.mandates if each.in_force in IN_FORCE}
        of_axes = say("of %(count)s") % {"count": len(self.axes)}
        counts = (
            (say("Institutions"), len(view.institutions)),
            (say("Axes covered"), f"{len(covered)} {of_axes}"),
            (say("Activities"), len(view.events)),
            (say("Organisations"), len(view.memberships)),
            (say("Sources"), len({each.source for each in view.sources})),
        )
        return "\n".join(f"- {words}: {count}" for words, count in counts)

    def event(self, event: Event) -> str:
        where = ", ".join([plain(each) for each in [event.city] if each] + [self.name(i) for i in [event.country] if i])
        told = [self.name(event.kind), where, self.names(event.axes), self.names(event.components)]
        told += [self.say("for all countries of the programme") if event.for_all else "", self.name(event.status)]
        when = self.when(event.period) + (f" ({self.say('date inferred')})" if event.period.inferred else "")
        line = f"**{when}**: {self.link(event.iri)} ({'; '.join(filter(None, told))}){self.seal(event.citations)}"
        return self.block(line, [each for each in (event.description, event.note) if each], event.citations)

    def grid(self, mandates: Iterable[Mandate]) -> str:
        cells: dict[tuple[Iri, Iri | None], list[str]] = {}
        for each in mandates:
            if each.in_force in IN_FORCE:
                for component in each.components or (None,):
                    cells.setdefault((each.axis, component), []).append(self.holder(each))
        columns = (*self.components, None)
        heads = [self.say("Axis"), *map(self.name, self.components), self.say("Outside the components")]
        rows = [
            [self.name(axis), *("; ".join(cells.get((axis, each), ())) or self.empty(each) for each in columns)]
            for axis in self.axes
        ]
        return "\n".join(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *rows])

    def holder(self, mandate: Mandate) -> str:
        short = plain(mandate.acronym or mandate.name)
        possibly = f" ({self.say('possibly')})" if mandate.in_force == "possible" else ""
        return f"[{short}](<{mandate.institution}>){possibly}{self.notes(mandate.citations)}"

    def empty(self, component: Iri | None) -> str:
        """A cell of a component without an institution is a gap; outside the components it is nothing."""
        return f"*{self.say('None recorded')}*" if component else self.say("none")

    def changes(self) -> str:
        words = {"new": self.say("new"), "ended": self.say("ended")}
        lines = []
        for each in self.roadmap.changes:
            on = f", {self.words.date(str(each.on))}" if each.on else ""
            after = f"; {self.replaced(each.replaced_by)}" if each.replaced_by else ""
            name = f"[{plain(each.name)}](<{each.institution}>)"
            lines.append(f"**{words[each.what]}** {name} ({self.name(each.axis)}){on}{after}")
        return self.items(lines, self.say("No change is recorded."))

    def membership(self, membership: Membership) -> str:
        known = [self.name(membership.status)]
        if membership.period.start or membership.period.end:
            known.append(self.period(membership.period))
        line = f"{self.link(membership.organisation)}: {'; '.join(known)}{self.seal(membership.citations)}"
        return self.block(line, [membership.note] if membership.note else [], ())

    def gaps(self) -> str:
        view, say = self.roadmap, self.say
        lines = [f"**{self.name(e.axis)}**: {plain(e.description)}{self.seal(e.citations)}" for e in view.gaps]
        for axis, cells in groupby(view.gap_cells, key=lambda cell: cell.axis):
            missing = self.names([each.component for each in cells])
            lines.append(f"**{self.name(axis)}**: {say('Cells without a mandate in force')}: {missing}")
        return self.items(lines, say("None recorded"))

    def not_published(self) -> str:
        say = self.say
        words = {
            "roadmap-document": say("The roadmap document itself: not published"),
            "requests": say("Requests for support of this country: not published"),
            "indicators": say("Indicators of the roadmap: not published"),
        }
        return self.items((words[each] for each in self.roadmap.not_published), "")

    def statement(self, statement: Statement) -> str:
        about = self.name(statement.country) if statement.country else self.say("said of all countries")
        value = f" **{plain(statement.value)}**" if statement.value else ""
        said = f"{plain(statement.description)}{value} ({about}; {self.name(statement.scope)})"
        note = [statement.note] if statement.note else []
        return self.block(said + self.seal(statement.citations), note, statement.citations)

    def institution(self, institution: Institution) -> str:
        short = f" ({plain(institution.acronym)})" if institution.acronym else ""
        known = [self.name(institution.kind), self.names(institution.components), self.period(institution.period)]
        if institution.replaced_by:
            known.append(self.replaced(institution.replaced_by))
        line = f"[{plain(institution.name)}](<{institution.iri}>){short}: {'; '.join(filter(None, known))}"
        lines = [line + self.seal(institution.citations)]
        for each in self.roadmap.mandates:
            if each.institution == institution.iri:
                basis = f": {plain(each.basis)}" if each.basis else ""
                lines.append(f"  - **{self.name(each.axis)}**{basis}{self.seal(each.citations)}")
        return "\n".join(lines)

    def facts(self) -> str:
        view, say = self.roadmap, self.say
        words = {
            "iso2": say("ISO 3166-1 alpha-2"),
            "iso3": say("ISO 3166-1 alpha-3"),
            "m49": say("UN M49"),
            "capital": say("Capital"),
        }
        lines = [f"{told}: {plain(view.facts[key])}" for key, told in words.items() if view.facts[key]]
        same = [f"{say('The same in other registers')}: <{each}>" for each in view.identity]
        return self.items([*lines, *same], "")

    def source(self, number: int, citation: Citation) -> str:
        told = [f"*{plain(citation.title)}*"]
        told += [plain(citation.publisher)] if citation.publisher else []
        told += [self.words.date(str(citation.date))] if citation.date else []
        quote = f" {self.quoted(citation)}" if citation.quote else ""
        link = f" <{citation.url}>" if citation.url else ""
        return f"[^{number}]: {', '.join(told)}.{quote} {self.name(citation.certainty)}.{link} <{citation.source}>"

    # parts of a line

    def name(self, iri: Iri) -> str:
        return plain(self.words.label(iri, self.words.language) or slug_of(iri))

    def names(self, iris: Iterable[Iri]) -> str:
        found = [self.name(each) for each in iris]
        return self.words.enumerated(found) if found else ""

    def link(self, iri: Iri) -> str:
        return f"[{self.name(iri)}](<{iri}>)"

    def replaced(self, by: Iterable[Iri]) -> str:
        names = self.words.enumerated([self.link(each) for each in by])
        return self.say("replaced by %(names)s") % {"names": names}

    def notes(self, citations: Iterable[Citation]) -> str:
        return "".join(f"[^{n}]" for n in sorted({self.numbers[each.source, each.quote] for each in citations}))

    def seal(self, citations: Sequence[Citation]) -> str:
        """How sure it is, and by whom it is said."""
        sure = ", ".join(dict.fromkeys(self.name(each.certainty) for each in citations))
        return (f" *{sure}*" if sure else "") + self.notes(citations)

    def when(self, period: Period) -> str:
        start, end = period.start, period.end
        if start is None or end is None or start.value == end.value:
            only = start or end
            return self.words.date(str(only)) if only else self.say("Date not known")
        dates = {"start": self.words.date(str(start)), "end": self.words.date(str(end))}
        return self.words.interval(str(start), str(end)) or self.say("%(start)s to %(end)s") % dates

    def period(self, period: Period) -> str:
        dates = {"start": self.words.date(str(period.start)), "end": self.words.date(str(period.end))}
        if period.start and period.end:
            return self.when(period)
        if period.start:
            return self.say("since %(start)s") % dates
        return self.say("until %(end)s, start not recorded") % dates if period.end else self.say("start not recorded")

    def block(self, line: str, texts: Iterable[Literal], citations: Iterable[Citation]) -> str:
        """An item with what is told of it, and the words of its sources."""
        quotes = [f"  > {self.quoted(each)}" for each in citations if each.quote]
        return "\n\n".join([line, *(f"  {plain(each)}" for each in texts), *dict.fromkeys(quotes)])

    def quoted(self, citation: Citation) -> str:
        """The exact words of a source, and what they mean in the language of the page where that is another."""
        if not citation.quote:
            return ""
        meant = f" {self.say('Unofficial translation:')} {plain(citation.translation)}" if citation.translation else ""
        return f"« {plain(citation.quote)} » ({citation.quote.language}).{meant}"

    @staticmethod
    def items(lines: Iterable[str], none: str) -> str:
        found = [f"- {line}" for line in lines]
        return "\n".join(found) if found else none
