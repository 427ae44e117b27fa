from xml.etree import ElementTree as ET

from portal.charts.graphs import Arrow, Node, picture

SVG = "{http://www.w3.org/2000/svg}"


def read(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 (drawn by ourselves)


def test_a_graph_is_boxes_that_lead_somewhere_and_arrows_that_say_what_they_are() -> None:
    nodes = [
        Node("s", "flights 2", "Snapshot, Ready", "/l?of=s&x"),
        Node("v", "late v3", "Version", "/l?of=v", marked=True),
    ]
    drawn = read(picture(nodes, [Arrow("s", "v", "trained"), Arrow("s", "gone", "x")], label="late v3 rests on 1"))
    assert drawn.get("role") == "group"
    assert drawn.get("aria-label") == "late v3 rests on 1"
    links = drawn.findall(f"{SVG}a")
    assert [link.get("href") for link in links] == ["/l?of=s&x", "/l?of=v"]
    assert [link.get("aria-label") for link in links] == ["flights 2, Snapshot, Ready", "late v3, Version"]
    assert [title.text for title in drawn.iterfind(f"{SVG}g/{SVG}path/{SVG}title")] == ["flights 2 trained late v3"]
    assert not any("style" in element.attrib for element in drawn.iter())


def test_names_of_others_can_not_leave_their_place() -> None:
    text = picture([Node("a", '"><script>x</script>', "&", '"/x')], [], label='"<b>')
    assert "<script" not in text
    assert read(text).get("aria-label") == '"<b>'


def test_a_long_name_keeps_its_end_where_the_number_stands() -> None:
    text = picture([Node("a", "a-very-long-name-of-a-dataset-indeed 17", "Snapshot", "/x")], [], label="x")
    assert "…indeed 17<" in text


def test_cycles_and_a_hundred_boxes_are_drawn() -> None:
    nodes = [Node(str(i), f"n{i}", "Version", "/x") for i in range(100)]
    arrows = [Arrow(str(i), str((i * 7 + 1) % 100), "is used by") for i in range(100)]
    drawn = read(picture(nodes, arrows, label="x"))
    places = {(rect.get("x"), rect.get("y")) for rect in drawn.iter(f"{SVG}rect")}
    assert len(places) == 100
