#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks answers and requests against docs/openapi.yaml.

Usage: openapi.py DOCUMENT < CASES

CASES has a JSON object a line: {"method", "path", "query", "request",
"code", "type", "body"}; "request" and "body" are texts. Says what does not
fit, and which operations no case answered well; fails when there is any.
"""

import json
import re
import sys

import jsonschema
import yaml

METHODS = ("get", "post", "put", "patch", "delete")


class Document:
    """The API as it is described."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as stream:
            self.root = yaml.safe_load(stream)
        self.resolver = jsonschema.RefResolver("", self.root)
        self.seen = set()

    def resolve(self, node):
        """What a reference refers to."""
        if "$ref" in node:
            return self.resolver.resolve(node["$ref"])[1]
        return node

    def operations(self):
        """Method, path and description of all there is."""
        for path, item in self.root["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), path, item

    def find(self, method, path):
        """The operation that serves a path."""
        for known, pattern, item in self.operations():
            regex = re.sub(r"\{[^}]*\}", "[^/]+", pattern)
            if known == method and re.fullmatch(regex, path):
                return pattern, item
        return None, None

    def check(self, schema, text):
        """Fails when a JSON text does not fit."""
        jsonschema.Draft202012Validator(
            schema, resolver=self.resolver).validate(json.loads(text))


def check_answer(document, case, operation):
    """What came back is one of the answers that are described."""
    code = str(case["code"])
    answer = operation["responses"].get(code)
    if answer is None:
        assert int(code) >= 400, f"{code} is not described"
        answer = operation["responses"]["default"]
    content = document.resolve(answer).get("content", {})
    media_type = case["type"].split(";")[0]
    if not content:
        assert not case["body"], "a body is not described"
        return
    assert media_type in content, f"{media_type} is not described"
    if media_type.endswith("json"):
        document.check(content[media_type]["schema"], case["body"])


def check_request(document, case, item, operation):
    """What was taken is what is described; what is not was refused."""
    names = [document.resolve(parameter)["name"]
             for parameter in (item.get("parameters", [])
                               + operation.get("parameters", []))]
    for name in re.findall(r"(?:^|&)([^=&]+)", case.get("query", "")):
        assert name in names, f"parameter {name} is not described"
    if not case.get("request"):
        body = operation.get("requestBody", {})
        assert not document.resolve(body).get("required"), "a body is required"
        return
    body = document.resolve(operation["requestBody"])
    document.check(body["content"]["application/json"]["schema"],
                   case["request"])


def check_case(document, case):
    """Fails when an exchange is not as described."""
    pattern, item = document.find(case["method"], case["path"])
    if item is None:
        assert case["code"] in (404, 405), "it is not described"
        return
    operation = item[case["method"].lower()]
    check_answer(document, case, operation)
    if case["code"] < 400:
        check_request(document, case, item, operation)
        document.seen.add((case["method"], pattern))


def main():
    document = Document(sys.argv[1])
    n_bad = 0
    for line in sys.stdin:
        case = json.loads(line)
        try:
            check_case(document, case)
        except (AssertionError, jsonschema.ValidationError) as error:
            n_bad += 1
            where = "/".join(str(part) for part in getattr(error, "path", ()))
            print(f"{case['method']} {case['path']} {case['code']}: {where} "
                  f"{getattr(error, 'message', error)}")
    for method, path, _ in document.operations():
        if (method, path) not in document.seen:
            n_bad += 1
            print(f"{method} {path}: never answered well")
    return 1 if n_bad else 0


if __name__ == "__main__":
    sys.exit(main())
