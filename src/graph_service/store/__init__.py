"""The engine room: everything that names an RDF engine stands here, behind `protocol.GraphStore`."""
