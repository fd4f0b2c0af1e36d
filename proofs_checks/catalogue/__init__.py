"""The theory itself: a package a chapter, in reading order. Claims are data; no claim brings code for a judge."""
