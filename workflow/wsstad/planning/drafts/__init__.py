"""Drafts of a dataset's tables, made from what a folder or a list says: labels, classes, groups, folds."""
