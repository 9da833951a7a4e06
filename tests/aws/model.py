# SPDX-License-Identifier: Apache-2.0
"""AWS's own service models (as Debian's python3-botocore ships them) as the judge of what arrives and of what we answer."""

import base64
import binascii
import re
import urllib.parse
import xml.etree.ElementTree as ET

import botocore.loaders
import botocore.model

from aws.faults import Fault


def local(tag):
    """An element's name without its namespace; comments and instructions have none."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else None


class Service:
    """One service model: which operation a request is, and whether its parameters fit."""

    def __init__(self, name):
        self.name = name
        self.model = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model(name, "service-2"), name)
        self.namespace = f"http://{name}.amazonaws.com/doc/{self.model.api_version}/"
        self.routes = [self.route(self.model.operation_model(operation)) for operation in self.model.operation_names]

    @staticmethod
    def route(operation):
        path, _, query = operation.http["requestUri"].partition("?")
        pattern = re.sub(r"\\\{(\w+)\\\}", lambda match: f"(?P<{match.group(1)}>[^/]+)", re.escape(path))
        return operation, re.compile(pattern), dict(urllib.parse.parse_qsl(query, keep_blank_values=True))

    def json_operation(self, target):
        prefix, _, name = target.partition(".")
        if prefix != self.model.metadata["targetPrefix"] or name not in self.model.operation_names:
            raise Fault("UnknownOperationException", "", 400)
        return self.model.operation_model(name)

    def rest_operation(self, method, path, query):
        """The operation and its parameters of the URI; the route with the most fixed parameters wins."""
        found = None
        for operation, pattern, fixed in self.routes:
            match = pattern.fullmatch(path)
            if match and operation.http["method"] == method and all(query.get(name) == value for name, value in fixed.items()):
                if found is None or len(fixed) > len(found[2]):
                    found = operation, match, fixed
        if found is None:
            raise Fault("NoSuchResource", f"There is no operation {method} {path}", 404)
        operation, match, fixed = found
        return operation, {name: urllib.parse.unquote(value) for name, value in match.groupdict().items()}, fixed

    # Judging values

    def check(self, shape, value, path="", unknown=None):
        """Yields what is wrong with `value`, as sentences. Members that the model does not know are wrong, too, unless `unknown` collects them."""
        check = getattr(self, f"check_{shape.type_name}", None)
        if check is None:
            yield f"{path or shape.name}: the type {shape.type_name} is not known here"
        else:
            yield from check(shape, value, path or shape.name)

    def check_structure(self, shape, value, path):
        if not isinstance(value, dict):
            yield f"{path} must be an object"
            return
        for name in shape.required_members:
            if name not in value:
                yield f"{path}.{name} is required"
        for name, one in value.items():
            if name not in shape.members:
                yield f"{path}.{name} is not known"
            else:
                yield from self.check(shape.members[name], one, f"{path}.{name}")

    def check_list(self, shape, value, path):
        if not isinstance(value, list):
            yield f"{path} must be a list"
            return
        yield from self.check_size(shape, len(value), path)
        for number, one in enumerate(value):
            yield from self.check(shape.member, one, f"{path}[{number}]")

    def check_string(self, shape, value, path):
        if not isinstance(value, str):
            yield f"{path} must be a string"
            return
        yield from self.check_size(shape, len(value), path)
        pattern = shape.metadata.get("pattern")
        # Classes of Unicode as Java writes them.
        pattern = pattern and pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", r"\d").replace(r"\p{Z}", r"\s")
        if pattern and not re.fullmatch(pattern, value):
            yield f"{path} must satisfy the pattern {pattern}"
        if shape.enum and value not in shape.enum:
            yield f"{path} must be one of {shape.enum}"

    def check_blob(self, shape, value, path):
        try:
            octets = value if isinstance(value, bytes) else base64.b64decode(value, validate=True)
        except (TypeError, ValueError, binascii.Error):
            yield f"{path} must be base64"
            return
        yield from self.check_size(shape, len(octets), path)

    def check_integer(self, shape, value, path):
        if not isinstance(value, int) or isinstance(value, bool):
            yield f"{path} must be an integer"
            return
        yield from self.check_size(shape, value, path)

    check_long = check_integer

    def check_boolean(self, shape, value, path):
        if not isinstance(value, bool):
            yield f"{path} must be true or false"

    def check_timestamp(self, shape, value, path):
        if not isinstance(value, (int, float, str)):
            yield f"{path} must be a time"

    def check_map(self, shape, value, path):
        if not isinstance(value, dict):
            yield f"{path} must be an object"
            return
        for one in value.values():
            yield from self.check(shape.value, one, path)

    @staticmethod
    def check_size(shape, size, path):
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and size < low:
            yield f"{path} must have at least {low}, not {size}"
        if high is not None and size > high:
            yield f"{path} must have at most {high}, not {size}"

    # XML

    def from_xml(self, shape, node, unknown):
        """The value that an element holds by the model; elements that it does not know go to `unknown`."""
        kind = shape.type_name
        if kind == "structure":
            value = {}
            names = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
            for child in node:
                if local(child.tag) is None:
                    continue
                if local(child.tag) not in names:
                    unknown.append(child)
                    continue
                name, member = names[local(child.tag)]
                if name in value:
                    raise Fault("MalformedXML", f"{name} stands there twice", 400)
                value[name] = self.from_xml(member, child, unknown)
            return value
        if kind == "list":
            item = shape.member.serialization.get("name", "member")
            values = []
            for child in node:
                if local(child.tag) == item:
                    values.append(self.from_xml(shape.member, child, unknown))
                elif local(child.tag) is not None:
                    unknown.append(child)
            return values
        text = "".join(node.itertext())
        if kind in ("integer", "long"):
            if not re.fullmatch(r"-?\d+", text.strip()):
                raise Fault("MalformedXML", f"{local(node.tag)} must be an integer, not {text!r}", 400)
            return int(text)
        if kind == "boolean":
            if text.strip() not in ("true", "false"):
                raise Fault("MalformedXML", f"{local(node.tag)} must be true or false, not {text!r}", 400)
            return text.strip() == "true"
        return text

    def parse(self, body, root):
        """The root element of a body; comments are kept."""
        try:
            node = ET.fromstring(body, parser=ET.XMLParser(target=ET.TreeBuilder(insert_comments=True)))
        except ET.ParseError as error:
            raise Fault("MalformedXML", f"The XML you provided was not well-formed: {error}", 400) from error
        if node.tag != f"{{{self.namespace}}}{root}":
            raise Fault("MalformedXML", f"The root must be {root} of {self.namespace}, not {node.tag}", 400)
        return node

    def quantities(self, node):
        """Every list says how long it is."""
        for element in node.iter():
            names = {local(child.tag): child for child in element}
            if "Quantity" in names:
                items = [] if "Items" not in names else [child for child in names["Items"] if local(child.tag) is not None and child.tag.startswith(f"{{{self.namespace}}}")]
                if int(names["Quantity"].text) != len(items):
                    raise Fault("InconsistentQuantities",
                                f"The value of Quantity and the size of Items do not match: {local(element.tag)} has {len(items)}, says {names['Quantity'].text}")
