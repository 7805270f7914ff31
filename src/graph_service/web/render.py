"""Render: templates filled with views. Names in the page's language, dates, links to records; no HTTP, no query.

Templates hold no logic beyond loops and conditions; what they need beyond that is a filter here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from graph_service.catalogue import Column
from graph_service.release import Release
from graph_service.terms import GRAPH, LANGUAGES, Binding, Iri, Literal, Term, choose, compact, record_iri, record_key
from graph_service.views import Citation, Mandate, Period, sources_of
from graph_service.web import language as languages
from graph_service.web.words import BORROWED

if TYPE_CHECKING:
    from graph_service.web.wanted import Wanted

HERE = Path(__file__).parent
STATIC_FOLDER = HERE / "static"

# kinds with a page of their own; every other record is shown at /doc/{kind}/{slug}
PAGES: Mapping[str, str] = {
    "country": "/countries",
    "roadmap": "/roadmaps",
    "axis": "/axes",
    "institution": "/institutions",
    "organisation": "/organisations",
    "event": "/events",
    "source": "/sources",
}
# text columns of the queries that hold slugs joined by spaces → the kind of the records
SLUG_COLUMNS: Mapping[str, str] = {
    "axes": "axis",
    "certainties": "concept",
    "components": "component",
    "members": "country",
    "organisations": "organisation",
    "replaced_by": "institution",
    "sources": "source",
}
Footnote: TypeAlias = tuple[Iri, Literal | None]


def page(template: str, *, release: Release | None, wanted: Wanted, language: str, **context: Any) -> str:
    """Fill a template.

    Args:
        release: where names come from; None for the pages that must do without.
        wanted: the request, for links to the same view in other formats and languages.
    """
    given = {"release": release, "wanted": wanted, "language": language, "programme": programme(release)}
    return environment(language).get_template(template).render({**given, **context})


@cache
def environment(language: str) -> Environment:
    """The templates with the words of a language."""
    env = Environment(
        loader=FileSystemLoader(HERE / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.loopcontrols"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = languages.translations(language)
    env.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.policies["ext.i18n.trimmed"] = True
    env.filters.update({"code": compact, "enumerate": enumerated, "own_name": languages.own_name})
    env.filters.update({filter_.__name__: filter_ for filter_ in FILTERS})
    env.globals.update(ask_address=ask_address, languages=LANGUAGES, static=static_address)
    return env


def programme(release: Release | None) -> Iri | None:
    """The programme that the graph is about: the first, where there are several."""
    members = release.members("elp:Programme") if release else ()
    return members[0].iri if members else None


def address(iri: str) -> str:
    """Where a record is shown; other IRIs are their own address.

    >>> address("https://w3id.org/elpaccto/id/axis/gender"), address("https://w3id.org/elpaccto/id/gap/pe-gender")
    ('/axes/gender', '/doc/gap/pe-gender')
    """
    kind, own = record_key(iri) or ("graph", iri.removeprefix(GRAPH))
    if own == iri:
        return iri
    return f"{PAGES.get(kind, f'/doc/{kind}')}/{quote(own)}"


def ask_address(country: str = "", axis: str = "", component: str = "", as_of: str = "") -> str:
    """The address of the list behind a number.

    >>> ask_address("XX", axis="gender")
    '/ask?country=XX&axis=gender'
    """
    asked = {"country": country, "axis": axis, "component": component, "as_of": as_of}
    return f"/ask?{urlencode(given(asked))}"


def slug(iri: str) -> str:
    """The slug of a record, or the IRI itself."""
    key = record_key(iri)
    return key[1] if key else iri


@pass_context
def name(context: Context, iri: Iri) -> str:
    """The name of a record in the page's language as plain text, else its slug."""
    found = _named(context, iri)
    return found.value if found else compact(iri)


@pass_context
def label(context: Context, iri: Iri) -> Markup:
    """The name of a record in the page's language, with `lang` where it had to be another."""
    found = _named(context, iri)
    return text(context, found) if found else Markup("<code>{}</code>").format(compact(iri))


@pass_context
def link(context: Context, iri: Iri) -> Markup:
    """The name of a record, leading to it."""
    if not iri.startswith(("http://", "https://")):
        return label(context, iri)
    if address(iri) == iri and not _named(context, iri):
        return Markup('<a class="uri" href="{}" rel="noreferrer">{}</a>').format(iri, compact(iri))
    return Markup('<a href="{}">{}</a>').format(address(iri), label(context, iri))


@pass_context
def text(context: Context, literal: Literal | str) -> Markup:
    """The words of a literal, with `lang` where that is not the page's."""
    tag = literal.language if isinstance(literal, Literal) else None
    if tag and tag != context["language"]:
        return Markup('<span lang="{}">{}</span>').format(tag, str(literal))
    return escape(str(literal))


@pass_context
def value(context: Context, term: Term) -> Markup:
    """A term as the value of a property: a link, words, or a date."""
    if isinstance(term, Iri):
        return link(context, term)
    kind = term.datatype.rpartition("#")[2]
    if kind in ("date", "gYearMonth", "gYear"):
        return date(context, term)
    return yes_or_no(context, term) if kind == "boolean" else text(context, term)


@pass_context
def cell(context: Context, term: Term | None, column: Column) -> Markup:
    """A cell of a table: records as links, also where a text column holds their slugs; yes or no; dates."""
    if term is None:
        return Markup()
    if isinstance(term, Iri):
        return link(context, term)
    kind = SLUG_COLUMNS.get(column.name)
    if kind and column.type == "text":
        iris = [record_iri(kind, each) for each in term.value.split()]
        return evidence(context, iris) if column.name == "certainties" else enumerated(context, _links(context, iris))
    if column.type == "boolean":
        return yes_or_no(context, term)
    return date(context, term) if column.type == "date" else text(context, term)


@pass_context
def when_cell(context: Context, row: Binding) -> Markup:
    """When an event of a list took place, and where its date comes from if that is not plain."""
    start, end, precision = row.get("start"), row.get("end"), row.get("precision")
    shown = interval(context, Period(start, end)) if isinstance(start, Literal) and isinstance(end, Literal) else None
    known = shown or (date(context, start) if isinstance(start, Literal) else Markup())
    if isinstance(precision, Iri) and qualified(precision):
        return Markup('{}<br><span class="small muted">{}</span>').format(known, label(context, precision))
    return known


@pass_context
def evidence(context: Context, certainties: Iterable[Iri]) -> Markup:
    """How sure a statement is: a shape and a word, never colour alone."""
    mark = Markup('<span class="ev"><svg aria-hidden="true" focusable="false"><use href="#e-{}"/></svg>{}</span>')
    return Markup(" ").join(mark.format(slug(iri), label(context, iri)) for iri in certainties)


@pass_context
def yes_or_no(context: Context, literal: Literal) -> Markup:
    """A boolean as people say it."""
    say = languages.translations(context["language"]).gettext
    return escape(say("yes") if literal.value in ("true", "1") else say("no"))


@pass_context
def number(context: Context, count: int) -> str:
    """A number with the separators of the language."""
    return languages.write_number(count, context["language"])


@pass_context
def date(context: Context, literal: Literal | str) -> Markup:
    """A date as precise as it is known, also readable by programs."""
    shown = languages.write_date(literal, context["language"])
    return Markup('<time datetime="{}">{}</time>').format(str(literal), shown)


@pass_context
def interval(context: Context, period: Period) -> Markup | None:
    """From when until when, where both are known and equally precise."""
    if period.start is None or period.end is None:
        return None
    shown = languages.write_interval(period.start, period.end, context["language"])
    return Markup('<time datetime="{}">{}</time>').format(str(period.start), shown) if shown else None


@pass_context
def term_name(context: Context, iri: Iri) -> Markup:
    """The name of a class or property, also of those that we borrow, with a capital letter as a heading has."""
    found = _named(context, iri)
    if found:
        return text(context, replace(found, value=found.value[:1].upper() + found.value[1:]))
    known = BORROWED.get(compact(iri))
    if known is None:
        return Markup("<code>{}</code>").format(compact(iri))
    return escape(languages.translations(context["language"]).gettext(known))


@pass_context
def enumerated(context: Context, items: Iterable[Markup | str]) -> Markup:
    """Join items as a sentence does."""
    safe = [str(escape(item)) for item in items]
    return Markup(languages.enumerate_(safe, context["language"]))


@pass_context
def language_name(context: Context, code: str) -> str:
    """The name of a language in the page's language."""
    return languages.name_of(code, context["language"])


def certainties(citations: Iterable[Citation]) -> tuple[Iri, ...]:
    """How sure a record as a whole is: the certainties of the evidence that is not for single properties."""
    found = list(citations)
    general = [each for each in found if not each.supports] or found
    return tuple(dict.fromkeys(each.certainty for each in general))


def for_property(citations: Iterable[Citation], property_iri: Iri) -> tuple[Citation, ...]:
    """The evidence of one property: what stands for it in particular, else what stands for the whole record."""
    found = list(citations)
    own = tuple(each for each in found if property_iri in each.supports)
    return own or tuple(each for each in found if not each.supports)


@pass_context
def translations(context: Context, rows: Iterable[Binding], quote: Literal) -> tuple[Term, ...]:
    """The unofficial translations of a quote into the page's language, from rows that hold both; none or one."""
    told = {"quote": quote, "translation_language": Literal(context["language"])}
    return tuple(dict.fromkeys(row["translation"] for row in rows if told.items() <= row.items()))


def footnotes(sources: Iterable[Citation]) -> Mapping[Footnote, int]:
    """Number the sources of a page from 1, in their order: (source, its words) → number."""
    return {(each.source, each.quote): number for number, each in enumerate(sources, 1)}


def numbered(citations: Iterable[Citation], numbers: Mapping[Footnote, int]) -> list[int]:
    """The footnote numbers of some citations, each once, in order."""
    return sorted({numbers[each.source, each.quote] for each in citations})


def by_cell(mandates: Iterable[Mandate]) -> Mapping[tuple[Iri, Iri | None], tuple[Mandate, ...]]:
    """Mandates in force by axis and component; those of bodies outside the components under None."""
    cells: dict[tuple[Iri, Iri | None], tuple[Mandate, ...]] = {}
    for each in mandates:
        if each.in_force in ("certain", "possible"):
            for component in each.components or (None,):
                cells[each.axis, component] = (*cells.get((each.axis, component), ()), each)
    return cells


def qualified(precision: Iri) -> bool:
    """Whether a date's precision says more than day, month or year: where it comes from, or that it was inferred.

    >>> [qualified(Iri("…/concept/precision-" + text)) for text in ("month", "month-newsletter")]
    [False, True]
    """
    return "-" in precision.rpartition("/")[2].removeprefix("precision-")


def concept(own: str) -> Iri:
    """The IRI of a concept, given its slug."""
    return record_iri("concept", own)


def fragment(iri: str) -> str:
    """The local name of a term, for links within a page."""
    return re.split(r"[#/]", iri)[-1]


def given(values: Mapping[str, str]) -> Mapping[str, str]:
    """The values that are not empty, for the query part of an address."""
    return {key: value for key, value in values.items() if value}


@cache
def static_address(file: str) -> str:
    """The address of a static file, with a digest of its content so that it can be cached for ever."""
    digest = hashlib.sha256((STATIC_FOLDER / file).read_bytes()).hexdigest()[:12]
    return f"/static/{file}?v={digest}"


def _links(context: Context, iris: Iterable[Iri]) -> list[Markup]:
    return [link(context, iri) for iri in iris]


def _named(context: Context, iri: Iri) -> Literal | None:
    release: Release | None = context["release"]
    return choose(release.labels(Iri(iri)), context["language"]) if release else None


FILTERS: tuple[Callable[..., object], ...] = (
    address, by_cell, cell, certainties, concept, date, evidence, footnotes, for_property, fragment, given, interval,
    label, language_name, link, name, number, numbered, qualified, slug, sources_of, term_name, text,
    translations, value, when_cell,
)  # fmt: skip
