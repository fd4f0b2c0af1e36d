"""The one interpreter: a term at an instance over a ring, from the definitions alone."""

from numerics.evaluate.interpreter import Averager, Interpreter, Tap, plan, prepare, push_grad, wire_tap

__all__ = ["Averager", "Interpreter", "Tap", "plan", "prepare", "push_grad", "wire_tap"]
