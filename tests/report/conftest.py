"""Small worlds and their outcomes, solved once."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest

import surtax as sx

NASTY = '<script>alert("x")</script>&\'<img src=x onerror=alert(1)>'
VOID = {"meta", "br", "img", "link", "input", "hr"}


def tiny_world(**changes):
    """Two countries, one sector, no names, no population, unbalanced trade."""
    flows = [[900.0, 100.0], [120.0, 400.0]]
    return sx.World.from_arrays(["AAA", "BBB"], ["S"], flows, elasticity=4.0, **changes)


def small_world(n=4, j=3, seed=1, scale=1e4, **changes):
    """Random world; the last sector makes nothing in the first country and is bought there."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(1, 9, (j, n, n)) * (1 + 9 * np.eye(n)) * scale
    X[-1, 0, :] = 0
    tariffs = rng.uniform(0, 0.1, (j, n, n)) * (1 - np.eye(n))
    codes = [f"C{i:02d}" for i in range(n)]
    return sx.World.from_arrays(codes, [f"s{k}" for k in range(j)], X, elasticity=5.0, tariffs=tariffs, **changes)


def war(a, b, **text):
    """Each taxes the other's goods at 20 %."""
    s = sx.Scenario(**({"name": "war", "title": "A war"} | text))
    s = s.tariff(importer=a, exporter=b, add=0.2, measure="one")
    return s.tariff(importer=b, exporter=a, add=0.2, measure="two")


@pytest.fixture(scope="session")
def tiny():
    return sx.solve(tiny_world(), war("AAA", "BBB"))


@pytest.fixture(scope="session")
def small():
    world = small_world(
        population=[1e6, np.nan, 2e6, 3e6],
        country_names=["United Aland", "Beland", "Celand", "Beland"],
        meta={
            "name": "small",
            "year": 2020,
            "units": "USD million, at random prices",
            "sources": [{"title": "Random numbers", "licence": "CC0", "note": "see https://a.b/c"}],
            "imputed": [{"what": "everything", "how": "dice", "cells": 3, "value": 12.5}],
            "tariffs": {"source": "dice", "coverage": {"C00": 1.0}},
            "elasticities": {"set": "five", "by_sector": [{"sector": "s0", "source": "a book"}]},
        },
    )
    return sx.solve(world, war("C00", "C01", date="2025-05-06"))


class Page(HTMLParser):
    """Checks that tags nest, and collects them and the text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.text, self.links = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text.append(data)

    def of(self, tag):
        return [a for t, a in self.tags if t == tag]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())
