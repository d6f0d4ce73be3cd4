"""Finding by beginning and end."""

from muntin.router._affixes import Affixes


def test_finding():
    affixes = Affixes()
    assert affixes.find("ab") == []
    for prefix, suffix in [("a", "z"), ("a", ""), ("ab", "yz"), ("", "")]:
        affixes.file(prefix, suffix, list).append(prefix + "*" + suffix)
    affixes.file("a", "z", list).append("again")
    assert affixes
    assert affixes.find("abxyz") == [
        ("bxy", ["a*z", "again"]),
        ("bxyz", ["a*"]),
        ("x", ["ab*yz"]),
        ("abxyz", ["*"]),
    ]
    assert affixes.find("a") == [("", ["a*"]), ("a", ["*"])]
    assert affixes.find("") == [("", ["*"])]


def test_the_two_ends_do_not_overlap():
    affixes = Affixes()
    affixes.file("aa", "aa", list)
    assert affixes.find("aaa") == []
    assert affixes.find("aaaa") == [("", [])]
