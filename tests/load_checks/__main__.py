"""Runs the checks, and prints their figures beside what they should be."""

from load_checks import check_equal_models, check_equal_servers, check_queue, check_stall


def main() -> None:
    for share, (measured, expected) in check_queue().items():
        ratio = f"{measured / expected:.3f} (0.9 to 1.1)"
        told = f"mean {measured * 1e3:.2f} ms, expected {expected * 1e3:.2f} ms: {ratio}"
        print(f"M/D/1, busy {share}: {told}", flush=True)
    plain, stalled = check_stall()
    print(f"p99 {plain:.4f} s, with one stall of 1 s {stalled:.4f} s (0.9 and more)", flush=True)
    ratio = f"{check_equal_servers():.3f} (0.97 to 1.03)"
    print(f"capacity of a server by that of an equal one: {ratio}", flush=True)
    print(f"capacity of a model by its own: {check_equal_models()} (0.97 to 1.03)")


main()
