"""Views: from hand-written rows to what people read. The expected values are counted by hand."""

import pytest

from graph_service import views
from graph_service.catalogue import read_query
from graph_service.errors import UnknownTerm
from graph_service.release import Result
from graph_service.terms import ELP, PREFIXES, RDF_TYPE, RDFS, XSD, Iri, Literal, record_iri

PERU, CHILE = record_iri("country", "PE"), record_iri("country", "CL")
CORRUPTION, GENDER = record_iri("axis", "corruption"), record_iri("axis", "gender")
CHECKED, REFERENCE = record_iri("concept", "checked"), record_iri("concept", "reference")
SEED, PAGE, LAW = record_iri("source", "seed"), record_iri("source", "page"), record_iri("source", "law")
TRUE, FALSE = Literal("true", datatype=XSD + "boolean"), Literal("false", datatype=XSD + "boolean")


def year(text):
    return Literal(text, datatype=XSD + "gYear")


def day(text):
    return Literal(text, datatype=XSD + "date")


def mandate_row(institution="pe-mp", axis=CORRUPTION, in_force="certain", source=PAGE, **more):
    """A row of institutions/by-axis, institutions/left-out or roadmaps/mandates."""
    slug = f"{institution}-{axis.rpartition('/')[2]}"
    return {
        "country": PERU,
        "axis": axis,
        "kind": record_iri("concept", "public-prosecutor"),
        "mandate": record_iri("mandate", slug),
        "institution": record_iri("institution", institution),
        "name": Literal("Ministerio Público", "es"),
        "in_force": Literal(in_force),
        "evidence": record_iri("evidence", f"{slug}-{source.rpartition('/')[2]}"),
        "source": source,
        "certainty": CHECKED,
    } | more


def evidence_row(record, source=PAGE, quote=None, **more):
    """A row of roadmaps/evidence."""
    slug = f"{record.rpartition('/')[2]}-{source.rpartition('/')[2]}"
    quoted = {"quote": Literal(quote, "fr")} if quote else {}
    return {
        "record": record,
        "evidence": record_iri("evidence", slug + (f"-{len(quote)}" if quote else "")),
        "source": source,
        "title": Literal(f"Title of {source.rpartition('/')[2]}"),
        "certainty": CHECKED,
    } | quoted | more  # fmt: skip


def event_row(slug, start=None, **more):
    """A row of roadmaps/events."""
    dated = {"start": year(start[:4]), "start_earliest": day(start)} if start else {}
    return {
        "country": PERU,
        "event": record_iri("event", slug),
        "kind": record_iri("concept", "mission"),
        "status": record_iri("concept", "done"),
        "for_all": FALSE,
        "inferred": FALSE,
    } | dated | more  # fmt: skip


COUNTRY_ROW = {
    "country": PERU,
    "roadmap": record_iri("roadmap", "PE"),
    "plan": record_iri("plan", "plan-2018"),
    "programme": record_iri("programme", "programme"),
    "iso2": Literal("PE"),
    "visited": TRUE,
}


def roadmap(as_of="2026-11-26", then="2018", **parts):
    """The roadmap of Peru, from the parts given."""
    return views.roadmap(views.RoadmapParts(country=[COUNTRY_ROW], **parts), as_of=as_of, then=then)


# Citations


def test_each_record_keeps_all_its_evidence_with_source_words_and_certainty():
    """Evidence goes to its own record, complete, and a repeated row adds nothing."""
    mission, gap = record_iri("event", "mission"), record_iri("gap", "pe-gender")
    quoted = evidence_row(mission, SEED, "une série de missions", publisher=Literal("P"), date=year("2017"))
    rows = [quoted, quoted, evidence_row(mission, PAGE), evidence_row(gap, PAGE, certainty=REFERENCE)]

    found = views.citations(rows)

    assert [citation.source for citation in found[mission]] == [SEED, PAGE]
    assert found[mission][0].quote == Literal("une série de missions", "fr")
    assert (found[mission][0].publisher, found[mission][0].date) == ("P", year("2017"))
    assert found[mission][1].quote is None
    assert [citation.certainty for citation in found[gap]] == [REFERENCE]


@pytest.mark.parametrize(("language", "meant"), [("en", "a series of missions"), ("es", "una serie"), ("fr", None)])
def test_a_quote_is_translated_into_the_language_of_the_page(language, meant):
    """One citation, not one per translation; none in the quote's own language."""
    quoted = evidence_row(PERU, SEED, "une série de missions")
    rows = [
        quoted | {"translation": Literal("a series of missions", "en"), "translation_language": Literal("en")},
        quoted | {"translation": Literal("una serie", "es"), "translation_language": Literal("es")},
    ]

    (citation,) = views.citations(rows, language)[PERU]

    assert citation.quote == Literal("une série de missions", "fr")
    assert citation.translation == (Literal(meant, language) if meant else None)


def test_rows_of_releases_without_translations_give_the_quote_alone():
    """Their queries have no such column."""
    (citation,) = views.citations([evidence_row(PERU, SEED, "une série de missions")], "en")[PERU]

    assert (citation.quote, citation.translation) == (Literal("une série de missions", "fr"), None)


def test_evidence_for_some_properties_only_names_them():
    """A founding year known from elsewhere is cited for the founding year, not for the whole record."""
    row = evidence_row(record_iri("institution", "pe-mp"), supports=Literal(f"{ELP}since {ELP}until"))

    (citation,) = views.citations([row])[record_iri("institution", "pe-mp")]

    assert citation.supports == (Iri(ELP + "since"), Iri(ELP + "until"))


def test_evidence_without_a_certainty_is_refused_with_the_column_named():
    """A statement is never shown without how sure it is."""
    row = evidence_row(PERU)
    del row["certainty"]

    with pytest.raises(ValueError, match="column 'certainty' must hold an IRI"):
        views.citations([row])


def test_sources_stand_once_each_sentence_of_its_own_and_sentences_first():
    """Footnotes count sources and sentences: the quoted ones first, each once however often it is cited."""
    rows = [
        evidence_row(PERU, PAGE),
        evidence_row(CHILE, PAGE),
        evidence_row(PERU, SEED, "une série de missions"),
        evidence_row(PERU, SEED, "13 pays"),
        evidence_row(CHILE, SEED, "13 pays"),
    ]
    cited = views.citations(rows)

    sources = views.sources_of([*cited[PERU], *cited[CHILE]])

    told = [(source.source, source.quote and source.quote.value) for source in sources]
    assert told == [(SEED, "une série de missions"), (SEED, "13 pays"), (PAGE, None)]
    assert [views.number_of(citation, sources) for citation in cited[CHILE]] == [3, 2]


def test_a_footnote_to_a_source_that_is_not_listed_is_an_error():
    """A number is never made up."""
    (citation,) = views.citations([evidence_row(PERU)])[PERU]

    with pytest.raises(ValueError, match="'page' is not among the sources"):
        views.number_of(citation, [])


# Answer


def test_an_answer_has_one_mandate_for_all_its_evidence():
    """Rows are one per mandate and evidence; the answer counts mandates."""
    rows = [mandate_row(source=PAGE), mandate_row(source=LAW), mandate_row("pe-pj")]

    answer = views.answer(rows, [], parameters={"axis": "corruption"}, as_of="2018")

    first, second = answer.mandates
    assert [citation.source for citation in first.citations] == [PAGE, LAW]
    assert second.institution == record_iri("institution", "pe-pj")
    assert [source.source for source in answer.sources] == [PAGE, LAW]
    assert (answer.parameters, answer.as_of) == ({"axis": "corruption"}, "2018")


def test_an_answer_says_how_many_starts_are_not_recorded():
    """A body without a recorded start counts as existing, and the answer says so."""
    rows = [mandate_row("pe-a", since=year("1979")), mandate_row("pe-b"), mandate_row("pe-c", in_force="possible")]

    answer = views.answer(rows, [], parameters={}, as_of="2018")

    assert answer.start_not_recorded == 2
    assert [mandate.period.start for mandate in answer.mandates] == [year("1979"), None, None]
    assert answer.mandates[2].in_force == "possible"


def test_an_answer_tells_whom_it_leaves_out_and_what_took_their_place():
    """A body that ended before is named with its end and its successors, whether as IRIs or as slugs."""
    ended = mandate_row("pe-old", in_force="ended", until=year("2015"), replaced_by=record_iri("institution", "pe-mp"))
    several = mandate_row("pe-older", in_force="ended", replaced_by=Literal("pe-mp pe-pj"))
    later = mandate_row("pe-new", in_force="not-yet", since=year("2021"))

    answer = views.answer([], [ended, several, later], parameters={}, as_of="2018")

    assert [mandate.in_force for mandate in answer.left_out] == ["ended", "ended", "not-yet"]
    assert answer.left_out[0].replaced_by == (record_iri("institution", "pe-mp"),)
    assert answer.left_out[1].replaced_by == (record_iri("institution", "pe-mp"), record_iri("institution", "pe-pj"))
    assert answer.start_not_recorded == 0


def test_the_components_of_a_mandate_become_records():
    """Slugs joined by a space are the components; none means outside the three."""
    both, none = mandate_row("pe-a", components=Literal("judicial police")), mandate_row("pe-b")

    answer = views.answer([both, none], [], parameters={}, as_of="2018")

    assert answer.mandates[0].components == (record_iri("component", "judicial"), record_iri("component", "police"))
    assert answer.mandates[1].components == ()


def test_quotes_come_from_the_evidence_rows_where_the_page_asks_for_them():
    """With rows of …/evidence the citations are whole."""
    row = mandate_row()
    words = evidence_row(row["mandate"], SEED, "deux mots")

    answer = views.answer([row], [], parameters={}, as_of="2018", evidence=[words])

    assert [citation.quote for citation in answer.mandates[0].citations] == [Literal("deux mots", "fr")]
    assert answer.number_of(answer.mandates[0].citations[0]) == 1


def test_a_state_that_is_none_of_the_four_is_refused():
    """A query that says something else than the four words is not shown as if it had."""
    with pytest.raises(ValueError, match="'perhaps': no certain, possible, not-yet or ended"):
        views.answer([mandate_row(in_force="perhaps")], [], parameters={}, as_of="2018")


# Coverage


def cell(country, axis, count):
    return {"country": country, "axis": axis, "institutions": Literal(str(count), datatype=XSD + "integer")}


def test_coverage_has_every_cell_countries_by_code_and_axes_as_given():
    """Nothing recorded is a zero in its place, in a fixed order."""
    rows = [cell(PERU, CORRUPTION, 5), cell(CHILE, CORRUPTION, 2)]

    coverage = views.coverage(rows, [PERU, CHILE], [GENDER, CORRUPTION], as_of="2018")

    assert (coverage.countries, coverage.axes) == ((CHILE, PERU), (GENDER, CORRUPTION))
    assert coverage.counts == {
        (CHILE, GENDER): 0, (CHILE, CORRUPTION): 2, (PERU, GENDER): 0, (PERU, CORRUPTION): 5,
    }  # fmt: skip
    assert (coverage.row_total(PERU), coverage.column_total(CORRUPTION)) == (5, 7)


def test_coverage_takes_its_countries_and_axes_from_the_rows_where_none_are_given():
    """The query already gives every cell, axes in the order of their scheme."""
    rows = [cell(PERU, GENDER, 0), cell(PERU, CORRUPTION, 5), cell(CHILE, GENDER, 1), cell(CHILE, CORRUPTION, 2)]

    coverage = views.coverage(rows, as_of="2018")

    assert (coverage.countries, coverage.axes) == ((CHILE, PERU), (GENDER, CORRUPTION))


def test_coverage_refuses_a_country_that_is_not_among_those_shown():
    """A row that has no place is an error with near names, not a silent loss."""
    with pytest.raises(UnknownTerm, match=r"no country 'PY'\. Did you mean PE") as error:
        views.coverage([cell(record_iri("country", "PY"), GENDER, 1)], [PERU, CHILE], [GENDER], as_of="2018")

    assert error.value.near == ("PE",)


def test_coverage_refuses_an_axis_that_is_not_among_those_shown():
    """The same for axes."""
    with pytest.raises(UnknownTerm, match="no axis 'corruption'"):
        views.coverage([cell(PERU, CORRUPTION, 1)], [PERU], [GENDER], as_of="2018")


def test_coverage_refuses_two_counts_for_one_cell():
    """Two counts of one cell mean that the query counts something else."""
    with pytest.raises(ValueError, match="PE/gender has two rows"):
        views.coverage([cell(PERU, GENDER, 1), cell(PERU, GENDER, 2)], as_of="2018")


def test_coverage_refuses_what_is_no_count():
    """A count is a number."""
    with pytest.raises(ValueError, match="must hold a count"):
        views.coverage([cell(PERU, GENDER, "many")], as_of="2018")


# Roadmap


def test_a_roadmap_names_its_plan_and_programme_and_the_facts_of_the_country():
    """Identity comes from the row of the country; links are not facts."""
    page = roadmap(identity=[{"country": PERU, "identity": Iri("http://www.wikidata.org/entity/Q419")}])

    assert page.plan == record_iri("plan", "plan-2018")
    assert {name: text for name, text in page.facts.items() if text} == {"iso2": "PE", "visited": "true"}
    assert page.facts["capital"] == ""
    assert page.identity == ("http://www.wikidata.org/entity/Q419",)
    assert (page.then, page.as_of) == ("2018", "2026-11-26")


def test_the_events_of_a_roadmap_stand_in_time_order_the_undated_last():
    """Whatever the order of the rows."""
    rows = [event_row("undated"), event_row("launch", "2018-03-01"), event_row("mission", "2017-06-01")]

    page = roadmap(events=rows)

    assert [event.iri for event in page.events] == [
        record_iri("event", slug) for slug in ("mission", "launch", "undated")
    ]


def test_an_event_keeps_status_precision_and_why_it_stands_on_the_roadmap():
    """Announced stays announced, inferred stays inferred."""
    row = event_row(
        "launch",
        "2018-01-01",
        status=record_iri("concept", "announced"),
        precision=record_iri("concept", "precision-year-inferred"),
        inferred=TRUE,
        for_all=TRUE,
        link=Literal("all"),
        axes=Literal("corruption gender"),
        organisations=Literal("gafilat"),
        held_in=CHILE,
    )

    (event,) = roadmap(events=[row]).events

    assert event.status == record_iri("concept", "announced")
    assert (event.period.start, event.period.inferred) == (year("2018"), True)
    assert event.period.precision == record_iri("concept", "precision-year-inferred")
    assert (event.for_all, event.link, event.country) == (True, "all", CHILE)
    assert event.axes == (CORRUPTION, GENDER)
    assert event.organisations == (record_iri("organisation", "gafilat"),)


def test_a_roadmap_says_what_changed_between_the_plan_and_today():
    """New: in force now and not then. Ended: the reverse. What began and ended between is no change."""
    then = [
        mandate_row("pe-stays"),
        mandate_row("pe-old"),
        mandate_row("pe-new", in_force="not-yet"),
        mandate_row("pe-brief", in_force="not-yet"),
    ]
    now = [
        mandate_row("pe-stays", in_force="possible"),
        mandate_row("pe-old", in_force="ended", until=year("2020"), replaced_by=Literal("pe-new")),
        mandate_row("pe-new", since=year("2021")),
        mandate_row("pe-brief", in_force="ended"),
    ]

    page = roadmap(mandates_then=then, mandates=now)

    ended, new = page.changes
    assert (ended.what, ended.institution, ended.on) == ("ended", record_iri("institution", "pe-old"), year("2020"))
    assert ended.replaced_by == (record_iri("institution", "pe-new"),)
    assert (new.what, new.institution, new.on) == ("new", record_iri("institution", "pe-new"), year("2021"))
    assert [mandate.in_force for mandate in page.mandates_then] == ["certain", "certain", "not-yet", "not-yet"]


def test_the_institutions_of_a_roadmap_carry_history_parent_and_all_evidence():
    """The evidence for the founding year stands beside that for the body itself."""
    prosecutor = record_iri("institution", "pe-mp")
    row = {
        "country": PERU,
        "institution": prosecutor,
        "name": Literal("Ministerio Público", "es"),
        "kind": record_iri("concept", "public-prosecutor"),
        "components": Literal("judicial"),
        "since": year("1981"),
        "parent": record_iri("institution", "pe-state"),
        "history": Literal("Renamed.", "en"),
        "website": Iri("https://www.example.org/"),
    }
    rows = [evidence_row(prosecutor, PAGE), evidence_row(prosecutor, LAW, supports=Literal(ELP + "since"))]

    (institution,) = roadmap(institutions=[row], evidence=rows).institutions

    assert (institution.period.start, institution.period.end) == (year("1981"), None)
    assert institution.parent == record_iri("institution", "pe-state")
    assert (institution.history, institution.website) == (Literal("Renamed.", "en"), "https://www.example.org/")
    assert [citation.source for citation in institution.citations] == [PAGE, LAW]


def test_memberships_gaps_and_cells_of_a_roadmap_keep_what_the_rows_say():
    """Each with its status, date or component."""
    membership = {
        "country": PERU,
        "membership": record_iri("membership", "gafilat-PE"),
        "organisation": record_iri("organisation", "gafilat"),
        "acronym": Literal("GAFILAT"),
        "status": record_iri("concept", "member"),
        "since": year("2000"),
        "as_of_source": year("2025"),
    }
    gap = {
        "country": PERU,
        "gap": record_iri("gap", "pe-gender"),
        "axis": GENDER,
        "description": Literal("Closed.", "en"),
    }
    empty = {"country": PERU, "axis": GENDER, "component": record_iri("component", "police")}

    page = roadmap(organisations=[membership], gaps=[gap], gap_cells=[empty])

    assert (page.memberships[0].acronym, page.memberships[0].as_of) == ("GAFILAT", year("2025"))
    assert page.gaps[0].description == Literal("Closed.", "en")
    assert page.gap_cells == (views.GapCell(PERU, GENDER, record_iri("component", "police")),)


def test_statements_on_this_country_come_before_those_on_all():
    """What is said of Peru's roadmap first, then what is said of roadmaps."""

    def row(slug, **more):
        return {
            "country": PERU,
            "statement": record_iri("statement", slug),
            "scope": record_iri("concept", "scope-roadmap"),
            "description": Literal("Said.", "en"),
        } | more

    rows = [row("of-all"), row("of-peru", country_said=PERU), row("of-all-too", value=Literal("18"))]

    page = roadmap(statements=rows)

    order = [statement.iri.rpartition("/")[2] for statement in page.statements]
    assert order == ["of-peru", "of-all", "of-all-too"]
    assert [statement.value for statement in page.statements] == [None, None, "18"]


def test_a_roadmap_says_what_was_never_published():
    """Document, requests and indicators are told as not published unless the graph names them."""
    published = COUNTRY_ROW | {"document": Iri("https://www.example.org/roadmap.pdf")}

    page = views.roadmap(views.RoadmapParts(country=[published]), as_of="2026", then="2018")

    assert roadmap().not_published == ("roadmap-document", "requests", "indicators")
    assert page.not_published == ("requests", "indicators")


def test_every_source_of_the_page_is_numbered_the_quoted_ones_first():
    """The sentences of the primary source lead the list, whatever cites them."""
    mission, gap_iri = record_iri("event", "mission"), record_iri("gap", "pe-gender")
    gap = {"country": PERU, "gap": gap_iri, "axis": GENDER, "description": Literal("Closed.", "en")}
    rows = [
        evidence_row(PERU, PAGE),
        evidence_row(record_iri("roadmap", "PE"), SEED, "une feuille de route par pays"),
        evidence_row(mission, SEED, "une série de missions"),
        evidence_row(gap_iri, PAGE),
        evidence_row(record_iri("country", "CL"), LAW),
    ]

    page = roadmap(events=[event_row("mission", "2017-06-01")], gaps=[gap], evidence=rows)

    assert [(source.source, page.number_of(source)) for source in page.sources] == [(SEED, 1), (SEED, 2), (PAGE, 3)]
    assert page.number_of(page.gaps[0].citations[0]) == 3
    assert [citation.source for citation in page.citations] == [PAGE, SEED]


def test_a_country_without_a_roadmap_is_refused():
    """There is nothing to show, and no page that says nothing."""
    with pytest.raises(ValueError, match="has no roadmap"):
        views.roadmap(views.RoadmapParts(country=[]), as_of="2026", then="2018")


# Record and list

LABEL, NOTE = Iri(RDFS + "label"), Iri(PREFIXES["skos"] + "note")


def said(property_, value):
    return {"record": PERU, "property": property_, "value": value}


def test_a_record_shows_names_first_and_notes_last_each_property_once():
    """Types and evidence have places of their own and are not repeated as properties."""
    rows = [
        said(Iri(ELP + "evidence"), record_iri("evidence", "country-PE-page")),
        said(NOTE, Literal("A note.", "en")),
        said(Iri(ELP + "capital"), Literal("Lima")),
        said(Iri(RDF_TYPE), Iri(ELP + "Country")),
        said(LABEL, Literal("Peru", "en")),
        said(LABEL, Literal("Pérou", "fr")),
    ]

    record = views.record(rows, evidence=[evidence_row(PERU)])

    assert (record.iri, record.types) == (PERU, (Iri(ELP + "Country"),))
    assert [row.property for row in record.rows] == [LABEL, Iri(ELP + "capital"), NOTE]
    assert record.rows[0].values == (Literal("Peru", "en"), Literal("Pérou", "fr"))
    assert [citation.source for citation in record.citations] == [PAGE]


def test_a_record_says_which_usual_properties_are_not_recorded():
    """What others of its class have is told as missing, in the order given."""
    usual = [Iri(ELP + "m49"), LABEL, Iri(ELP + "evidence"), Iri(ELP + "capital")]

    record = views.record([said(LABEL, Literal("Peru", "en"))], usual_properties=usual)

    assert record.missing == (Iri(ELP + "m49"), Iri(ELP + "evidence"), Iri(ELP + "capital"))


def test_a_record_lists_what_points_to_it():
    """Incoming links keep the order of their query."""
    row = {"record": PERU, "subject": record_iri("gap", "pe-gender"), "property": Iri(ELP + "country")}

    record = views.record([said(LABEL, Literal("Peru", "en"))], incoming=[row])

    assert record.incoming == (views.Incoming(record_iri("gap", "pe-gender"), Iri(ELP + "country")),)


def test_a_record_of_which_nothing_is_said_is_refused():
    """An empty page would look like a record."""
    with pytest.raises(ValueError, match="Nothing is recorded"):
        views.record([])


def profile_row(country, axis, covering, **more):
    """A row of countries/profile."""
    counts = {
        "covering": covering,
        "gaps_on_axis": 0,
        "institutions": 20,
        "events": 4,
        "announced": 1,
        "gaps": 3,
    } | more
    return {"country": country, "axis": axis} | {
        name: Literal(str(count), datatype=XSD + "integer") for name, count in counts.items()
    }


def test_a_profile_counts_what_is_known_of_a_country():
    """Counts of the country once, coverage by axis, memberships as records."""
    member = {
        "country": PERU,
        "membership": record_iri("membership", "gafilat-PE"),
        "organisation": record_iri("organisation", "gafilat"),
        "status": record_iri("concept", "member"),
    }

    profile = views.profile([profile_row(PERU, GENDER, 0), profile_row(PERU, CORRUPTION, 5)], [member])

    assert (profile.country, profile.institutions, profile.events, profile.announced) == (PERU, 20, 4, 1)
    assert profile.coverage == {GENDER: 0, CORRUPTION: 5}
    assert [each.organisation for each in profile.memberships] == [record_iri("organisation", "gafilat")]
    assert profile.gaps == 3


def test_a_comparison_keeps_the_order_asked_for_and_that_of_the_axes():
    """Two to six countries side by side."""
    peru, chile = (
        views.profile([profile_row(country, GENDER, 1), profile_row(country, CORRUPTION, 2)])
        for country in (PERU, CHILE)
    )

    comparison = views.comparison([peru, chile], as_of="2018")

    assert comparison.countries == (PERU, CHILE)
    assert comparison.axes == (GENDER, CORRUPTION)
    assert comparison.as_of == "2018"


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_a_comparison_of_too_few_or_too_many_or_the_same_is_refused(count):
    """One country, the same twice or seven are no comparison."""
    profiles = [views.profile([profile_row(PERU, GENDER, 1)])] * count

    with pytest.raises(ValueError, match="two to six different countries"):
        views.comparison(profiles, as_of="2018")


def test_a_profile_without_rows_or_with_an_axis_twice_is_refused():
    """Nothing is counted twice, and nothing out of nothing."""
    row = profile_row(PERU, GENDER, 1)

    with pytest.raises(ValueError, match="gave no row"):
        views.profile([])
    with pytest.raises(ValueError, match="two rows"):
        views.profile([row, row])


LIST_QUERY = """#+ summary: {en: Institutions, es: Instituciones, fr: Institutions, pt: Instituições}
#+ params:
#+   kind: {in: concept:institution-kinds, description: all kinds when left out}
#+   country: {in: elp:Country, description: all countries when left out}
#+ columns:
#+   iri: iri, the body
#+   acronym: text, its short name
SELECT ?__kind_iri ?__country_iri ?iri ?acronym WHERE {
  ?iri <https://w3id.org/elpaccto/ontology#kind> ?k .
  OPTIONAL { ?iri <https://w3id.org/elpaccto/ontology#country> ?__country_iri }
  OPTIONAL { ?iri <https://w3id.org/elpaccto/ontology#acronym> ?acronym }
}
ORDER BY ?__kind_iri ?__country_iri ?iri ?acronym
"""


def test_a_list_leaves_out_the_parameters_that_were_left_open():
    """A filter that nobody set is no column; a column that no row fills is."""
    query = read_query("institutions/all", LIST_QUERY, file="institutions/all.rq")
    rows = ({"country": PERU, "iri": record_iri("institution", "pe-mp")},)

    listing = views.listing(Result(query, {}, query.columns, rows))

    assert listing.columns == ("country", "iri", "acronym")
    assert listing.rows == rows
