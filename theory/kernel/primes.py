"""Small prime factors of integers. Trusted; standard library only."""

from __future__ import annotations


def prime_powers(number: int, limit: int) -> list[tuple[int, int]]:
    """``number`` > 0 as powers of primes below ``limit``; what is left beyond that stays whole, as the last factor."""
    found, prime = [], 2
    while number > 1:
        if prime * prime > number or prime >= limit:
            prime = number
        power = 0
        while number % prime == 0:
            number, power = number // prime, power + 1
        if power:
            found.append((prime, power))
        prime += 1
    return found
