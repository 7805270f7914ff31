"""graph-service: the knowledge graph of a cooperation programme, validated, sourced, and served."""
