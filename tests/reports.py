"""Reports as tests read them."""

import json
import re
from html.parser import HTMLParser

VOID = {"meta", "img", "input", "br", "link"}
HOSTILE = "<img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """A page taken apart: its elements with their attributes, its text; every element must be closed in its turn."""

    def __init__(self, source):
        super().__init__()
        self.elements, self.stack, self.texts = [], [], []
        self.feed(source)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if not self.stack or self.stack[-1] not in ("script", "style"):
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def having(self, attribute):
        return [attributes for _, attributes in self.elements if attribute in attributes]


def pictures_in(source):
    return json.loads(re.search(r'id="pictures">(.*?)</script>', source, re.S)[1])
