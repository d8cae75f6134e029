import itertools

from mari_engine.report import draw
from mari_engine.report.graph_drawing import BOX_WIDTH, MOST_BOXES
from mari_engine.types import Action, GraphInfo, Side, TensorInfo
from support import handmade_findings as handmade


def test_look_alike_branches_are_drawn_once() -> None:
    graph, sides = handmade.make_graph(lookups=12)
    picture = draw(graph, sides, handmade.make_decisions())
    titles = sorted((box.title, len(box.names), box.side) for box in picture.boxes)
    assert titles == [
        ("Concat", 1, Side.CANDIDATE),
        ("Gather", 4, Side.ITEM),
        ("Gather", 8, Side.REQUEST),
        ("Gemm", 1, Side.CANDIDATE),
        ("Gemm", 1, Side.CANDIDATE),
        ("Relu", 1, Side.CANDIDATE),
        ("input", 4, Side.ITEM),
        ("input", 8, Side.REQUEST),
        ("output", 1, Side.CANDIDATE),
    ]
    assert picture.nodes == "16 nodes"


def test_products_carry_their_decision() -> None:
    graph, sides = handmade.make_graph()
    picture = draw(graph, sides, handmade.make_decisions())
    actions = {box.names: box.action for box in picture.boxes if box.action}
    assert actions == {("gemm",): Action.SPLIT, ("head",): Action.KEPT}


def test_boxes_of_a_layer_do_not_overlap_and_wires_go_down() -> None:
    graph, sides = handmade.make_graph(lookups=9)
    picture = draw(graph, sides, ())
    for _, layer in itertools.groupby(sorted(picture.boxes, key=lambda box: box.y), lambda b: b.y):
        places = sorted(box.x for box in layer)
        assert all(b - a >= BOX_WIDTH for a, b in itertools.pairwise(places))
    for wire in picture.wires:
        heights = [y for _, y in wire.points]
        assert heights == sorted(heights)
    assert all(0 <= box.x - BOX_WIDTH / 2 <= picture.width for box in picture.boxes)


def test_a_long_edge_bends_around_the_layers_between() -> None:
    chain = [handmade.make_node("Relu", f"n{at}", f"v{at}", f"v{at + 1}") for at in range(4)]
    nodes = (*chain, handmade.make_node("Add", "add", "v4 v0", "out"))
    inputs = (TensorInfo("v0", "float32", ("N", 1), None),)
    outputs = (TensorInfo("out", "float32", ("N", 1), None),)
    picture = draw(GraphInfo(inputs, outputs, (), nodes, 17, 8, "", 0, 0, 0), {}, ())
    longest = max(picture.wires, key=lambda wire: len(wire.points))
    assert len(longest.points) == 2 + 2 * 4
    assert longest.path.startswith("M")
    assert longest.path.count("C") == len(longest.points) - 1


def test_a_graph_too_large_to_read_is_counted_not_drawn() -> None:
    nodes = tuple(
        handmade.make_node("Relu", f"n{at}", f"v{at}", f"v{at + 1}") for at in range(MOST_BOXES + 1)
    )
    picture = draw(GraphInfo((), (), (), nodes, 17, 8, "", 0, 0, 0), {}, ())
    assert picture.boxes == ()
    assert picture.total == MOST_BOXES + 1


def test_an_empty_graph_is_an_empty_picture() -> None:
    picture = draw(GraphInfo((), (), (), (), 17, 8, "", 0, 0, 0), {}, ())
    assert picture.boxes == ()
    assert picture.wires == ()
    assert picture.width == 0
