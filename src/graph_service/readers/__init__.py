"""Readers: anybody's queries, run in processes that can be killed.

`frames` is what a web process and its readers say to each other, `process` what runs on the other side, `nursery` the
web process's hold on it, `shelves` the readers of each release, `lanes` who is served when, `answers` what is asked and
comes of it, `spool` the bytes on their way to a client. `remote` has a remote engine run them instead.
"""
