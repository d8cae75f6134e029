"""Runs the checks, and prints their figures beside what they should be."""

from load_checks import check_equal_arms, check_queue, check_stall


def main() -> None:
    for share, (measured, expected) in check_queue().items():
        ratio = f"{measured / expected:.3f} (0.9 to 1.1)"
        print(f"M/D/1, busy {share}: mean {measured:.6f} s, formula {expected:.6f} s: {ratio}")
    plain, stalled = check_stall()
    print(f"p99 without a stall {plain:.4f} s, with one of 1 s {stalled:.4f} s (0.9 and more)")
    print(f"A against A: capacity ratio {check_equal_arms().ratio} (0.97 to 1.03)")


main()
