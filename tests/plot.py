"""Checks pictures of cnngen plot and pages of cnngen report, from what they say and where they say it.

    python3 plot.py graph FILE.svg SUMMARY.json     SUMMARY: of cnngen summary --json
    python3 plot.py memory FILE.svg PLAN            PLAN: of cnngen --dump=plan
    python3 plot.py time FILE.svg SUMMARY.json
    python3 plot.py page FILE.html SUMMARY.json [TEXT...]     that have to be somewhere in it

Prints what is wrong; the status says whether anything is.
"""
import json
import math
import re
import sys
import xml.etree.ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"
wrong = []


def need(ok, text):
    if not ok and len(wrong) < 10:
        wrong.append(text)


def local(element):
    return element.tag.split("}")[-1]


def check_numbers(root):
    """Whole pixels, all of them inside."""
    _, _, width, height = map(int, root.get("viewBox").split())
    for e in root.iter():
        for key, value in e.attrib.items():
            need(not re.search(r"nan|inf\b", value), f"{local(e)} has {key} {value}")
        if local(e) == "rect" and e.get("x"):
            x, y, w, h = (int(e.get(k)) for k in ("x", "y", "width", "height"))
            need(w > 0 and h > 0, f"an empty rectangle at {x}, {y}")
            need(0 <= x and x + w <= width and 0 <= y and y + h <= height,
                 f"a rectangle outside at {x}, {y}")
        if local(e) == "text" and e.get("x"):
            need(0 <= int(e.get("x")) <= width and 0 <= int(e.get("y")) <= height,
                 f"text outside: {e.text}")
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    need(len(ids) == len(set(ids)), "an id twice")
    need(root.find(f"{SVG}title").text and root.find(f"{SVG}desc").text, "no title or description")


def boxes(root, group):
    found = []
    for g in root.iter(f"{SVG}g"):
        if g.get("class") == group:
            r = next(g.iter(f"{SVG}rect"))
            texts = [t.text for t in g.iter(f"{SVG}text")]
            found.append((*(int(r.get(k)) for k in ("x", "y", "width", "height")), texts,
                          g.find(f"{SVG}title").text))
    return found


def check_apart(found):
    found = sorted(found, key=lambda b: b[0])
    for i, a in enumerate(found):
        for b in found[i + 1:]:
            if b[0] >= a[0] + a[2]:
                break
            need(b[1] >= a[1] + a[3] or a[1] >= b[1] + b[3], f"{a[5]} and {b[5]} overlap")


def points_of(path):
    """Points on a path of M, L, Q and C, some between the given ones."""
    at, points = None, []
    for kind, rest in re.findall(r"([MLQC])([^MLQC]*)", path):
        n = list(map(int, re.findall(r"-?\d+", rest)))
        c = [tuple(n[i:i + 2]) for i in range(0, len(n), 2)]
        if kind == "M":
            points.append(c[0])
        else:
            c = [at] + c
            for k in range(1, 17):
                t, level = k / 16, c
                while len(level) > 1:
                    level = [((1 - t) * p[0] + t * q[0], (1 - t) * p[1] + t * q[1]) for p,
                             q in zip(level, level[1:])]
                points.append(level[0])
        at = c[-1]
    return points


def check_shapes(found, summary):
    """One shape in each box: of the layer that it stands behind, or below."""
    shape = {layer["name"]: "×".join(map(str, layer["shape"])) for layer in summary["layers"]}
    for *_, texts, title in found:
        lines = [t for t in texts if "→" in t]
        need(len(lines) == 1, f"{title}: {len(lines)} shapes")
        above = [t.split(" ")[1] for t in texts[:texts.index(lines[0]) + 1]
                 if t.startswith("+ ")] if lines else []
        layer = above[-1] if above else title.split(":")[0]
        cut = any("…" in t for t in texts)
        need(cut or lines[0].endswith("→ " + shape[layer]),
             f"{layer} is {shape.get(layer)}, not {lines}")


def check_graph(root, summary):
    found = boxes(root, "node")
    check_apart(found)
    check_shapes(found, summary)
    box_of, starts, ends = {}, {}, {}
    for k, (x, y, w, h, texts, title) in enumerate(found):
        starts.setdefault((x + w // 2, y + h), k)
        ends.setdefault((x + w // 2, y), k)
        names = [title.split(":")[0]] + [t.split(" ")[1] for t in texts if t.startswith("+ ")]
        for name in names:
            need(name not in box_of, f"{name} is in two boxes")
            box_of[name] = k
    shown = {name.rstrip("…"): k for name, k in box_of.items()}
    for layer in summary["layers"]:
        fit = [k for name, k in shown.items() if layer["name"] == name or
               (name + "…" in box_of and layer["name"].startswith(name))]
        need(fit, f"layer {layer['name']} is not there")
        box_of[layer["name"]] = fit[0] if fit else None
    routes = [points_of(p.get("d")) for p in root.iter(f"{SVG}path")
              if p.get("class") in ("edge", "turn")]
    for route in routes:
        for px, py in route:
            hit = [b[5] for b in found if b[0] + 1 < px < b[0] + b[2] - 1
                   and b[1] + 1 < py < b[1] + b[3] - 1]
            need(not hit, f"an arrow runs through {hit}")
    follow = {}
    for route in routes:
        follow.setdefault(route[0], []).append(route[-1])
    reached = {}
    for start, k in starts.items():
        seen, todo = set(), [start]
        while todo:
            for to in follow.get(todo.pop(), []):
                if to in ends:
                    reached.setdefault(k, set()).add(ends[to])
                elif to not in seen:
                    seen.add(to)
                    todo.append(to)
    wanted = {}
    for layer in summary["layers"]:
        for source in layer["inputs"]:
            a, b = box_of[source], box_of[layer["name"]]
            if a != b:
                wanted.setdefault(a, set()).add(b)
    need(reached == wanted, f"arrows lead from and to {reached}, not {wanted}")


def check_memory(root, plan):
    found = boxes(root, "tensor")
    buffers = re.findall(r"^buffer at (\d+), (\d+) bytes, steps (\d+) to (\d+): (.*)$", plan, re.M)
    need(len(found) == len(buffers), f"{len(found)} tensors of {len(buffers)}")
    need(not any("…" in t for b in found for t in b[4]), "the name of a tensor is cut")
    thick = [b for b in found if b[3] > 1]
    check_apart(thick)
    scale = {}
    for offset, size, first, last, name in buffers:
        title = f"{name}: {size} bytes at {offset}, steps {first} to {last}"
        mine = [b for b in found if b[5].startswith(title + ",")]
        need(mine, f"no '{title}'")
        for x, y, w, h, _, _ in mine:
            scale.setdefault((int(last) - int(first) + 1), set()).add(w)
            need(abs(h - int(size) * 380 / max(1, total(plan))) <= 1, f"{name} is {h} high")
    widths = {next(iter(w)) / n for n, w in scale.items() if len(w) == 1}
    need(len(widths) <= 1 and all(len(w) == 1 for w in scale.values()),
         f"widths of steps differ: {scale}")


def total(plan):
    return int(re.search(r"^arena (\d+) bytes", plan, re.M).group(1))


SIZES = {"big": 16, "name": 12, "small": 10}


def corners_of(text):
    """The corners of a text, as wide as common fonts without serifs make it, turned as it is."""
    classes = (text.get("class") or "").split()
    size = next((SIZES[c] for c in classes if c in SIZES), 11)
    width = 0.56 * size * len(text.text)
    left = -(width if "end" in classes else width / 2 if "middle" in classes else 0)
    right, top, bottom = left + width, -0.75 * size, 0.2 * size
    turned = re.fullmatch(r"translate\((\d+) (\d+)\) rotate\((-?\d+)\)",
                          text.get("transform") or "")
    x, y, degrees = map(int, turned.groups()) if turned else (int(text.get("x")), int(text.get("y")), 0)
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    around = (left, top), (right, top), (right, bottom), (left, bottom)
    return [(x + c * px - s * py, y + s * px + c * py) for px, py in around]


def apart(a, b):
    """Whether an edge of one of two convex shapes has them on different sides."""
    for shape in a, b:
        for (x0, y0), (x1, y1) in zip(shape, shape[1:] + shape[:1]):
            side = [[(x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) for x, y in s] for s in (a, b)]
            if max(side[0]) <= min(side[1]) or max(side[1]) <= min(side[0]):
                return True
    return False


def check_texts_apart(root):
    """No text lies on another, or under a circle."""
    texts = [(t.text, corners_of(t)) for t in root.iter(f"{SVG}text")]
    circles = []
    for circle in root.iter(f"{SVG}circle"):
        x, y, r = (int(circle.get(k)) for k in ("cx", "cy", "r"))
        corners = [math.pi * k / 8 for k in range(16)]
        circles.append([(x + r * math.cos(a), y + r * math.sin(a)) for a in corners])
    for i, (text, a) in enumerate(texts):
        for other, b in texts[i + 1:]:
            need(apart(a, b), f"'{text}' lies on '{other}'")
        for b in circles:
            need(apart(a, b), f"'{text}' lies under a circle")


def check_time(root, summary):
    check_texts_apart(root)
    steps = [g.find(f"{SVG}title").text for g in root.iter(f"{SVG}g") if g.get("class") == "step"]
    bars = [s for s in steps if " %" in s]
    need(bars, "no bars")
    text = "".join(t.text or "" for t in root.iter(f"{SVG}text"))
    for t in root.iter(f"{SVG}text"):
        if t.get("class") == "dim" and t.get("x"):
            need(int(t.get("x")) + 6 * len(t.text) <= int(root.get("width")),
                 f"'{t.text}' ends outside")
    macs = any(layer["macs"] for layer in summary["layers"])
    need("µs" in text or "ms" in text, "no times")
    need(not macs or "Roofline" in text, "no roofline")


def check_page(root, summary, texts):
    allowed = {"html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "p",
               "code", "pre", "nav", "a",
               "main", "section", "div", "table", "caption", "thead", "tbody", "tr", "th", "td",
               "svg", "desc", "defs",
               "marker", "pattern", "path", "rect", "circle", "text", "g"}
    for e in root.iter():
        need(local(e) in allowed, f"<{local(e)}> in the page")
        for key, value in e.attrib.items():
            need(not key.lower().startswith("on"), f"{key} in the page")
            need(key not in ("href", "src") or value.startswith("#"),
                 f"{key}={value}: not of the page")
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    need(len(ids) == len(set(ids)), "an id twice")
    for e in root.iter():
        if local(e) == "a":
            need(e.get("href")[1:] in ids, f"a link to {e.get('href')}")
        refs = re.findall(r"url\(#([^)]*)\)", " ".join(e.attrib.values()))
        need(all(r in ids for r in refs), f"a reference to {refs}")
    heads = {e.text for e in root.iter() if local(e) == "th"}
    for layer in summary["layers"]:
        need(layer["name"] in heads, f"no row for {layer['name']}")
    whole = "".join(root.itertext())
    for text in texts:
        need(text in whole, f"no '{text}'")
    for svg in root.iter(f"{SVG}svg"):
        check_numbers(svg)


def main(kind, path, other, *texts):
    text = open(path, encoding="utf-8").read()
    root = ET.fromstring(text)
    info = open(other, encoding="utf-8").read()
    if kind == "page":
        check_page(root, json.loads(info), texts)
    else:
        check_numbers(root)
        check = {"graph": check_graph, "memory": check_memory, "time": check_time}[kind]
        check(root, info if kind == "memory" else json.loads(info))
    print("\n".join(wrong))
    return bool(wrong)


sys.exit(main(*sys.argv[1:]))
