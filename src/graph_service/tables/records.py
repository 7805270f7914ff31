"""The records of a project's Turtle files, by name and by file: what a merge reads and changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graph_service.terms import (
    PREFIXES,
    RDF_TYPE,
    Iri,
)
from graph_service.turtle import Document, Fact

TYPE = Iri(RDF_TYPE)
IN_SCHEME = Iri(PREFIXES["skos"] + "inScheme")


class Graph:
    """The facts of the project's files while an import changes them."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents
        self._files = {name: dict(document.records) for name, document in documents.items()}
        self._comments = {name: dict(document.comments) for name, document in documents.items()}
        self.place: dict[Iri, str] = {}  # record → file; where it has its class, when it stands in several
        for name, records in self._files.items():
            for subject, facts in records.items():
                if subject not in self.place or any(predicate == TYPE for predicate, _ in facts):
                    self.place[subject] = name

    def facts(self, subject: Iri) -> frozenset[Fact]:
        """Return what is said of a record in its file; nothing when there is none."""
        return self._files[self.place[subject]][subject] if subject in self.place else frozenset()

    def belongs(self, subject: Iri) -> frozenset[Iri]:
        """Return the classes and schemes of a record."""
        return frozenset(Iri(value) for name, value in self.facts(subject)
                         if name in (TYPE, IN_SCHEME) and isinstance(value, Iri))  # fmt: skip

    def put(self, subject: Iri, facts: frozenset[Fact], file: str) -> None:
        """Set what is said of a record; it moves, with its comments, when the file is another."""
        old = self.place.get(subject)
        comments = self._comments[old].pop(subject, ()) if old is not None else ()
        if old is not None and old != file:
            del self._files[old][subject]
        self.place[subject] = file
        self._files.setdefault(file, {})[subject] = facts
        if comments:
            self._comments.setdefault(file, {})[subject] = comments

    def remove(self, subject: Iri) -> None:
        """Take a record away, with the comments above it."""
        file = self.place.pop(subject, None)
        if file is not None:
            del self._files[file][subject]
            self._comments[file].pop(subject, None)

    def referring(self, gone: frozenset[Iri]) -> Iterator[tuple[Iri, Iri]]:
        """Yield every record that still refers to one of those gone, with that one."""
        for records in self._files.values():
            for subject, facts in records.items():
                yield from ((subject, value) for _, value in facts if isinstance(value, Iri) and value in gone)

    def changed_files(self) -> dict[str, Document]:
        """Return the documents whose facts are no longer those that were read."""
        return {
            name: self._document(name, records)
            for name, records in self._files.items()
            if name not in self._documents or records != self._documents[name].records
        }

    def _document(self, name: str, records: dict[Iri, frozenset[Fact]]) -> Document:
        old = self._documents.get(name, Document({}))
        return Document(records, self._comments.get(name, {}), old.heading, old.ending, old.prefixes)
