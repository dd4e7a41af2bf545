"""What the cells that an exercise gives print and draw, without what an answer has touched.

A page of exercises is not executed, but the page of its solutions is, and many cells stand in both:
faulty code that prints its numbers, a table to judge, a question to predict. What they show belongs
to the task, as long as it comes from no answer. A name is an answer's if an answer binds or changes
it, or if a cell binds it that reads such a name; a cell that reads none shows what it showed.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from nbformat import NotebookNode

from book.errors import BookError


def add_outputs(notebook: NotebookNode, solved: NotebookNode) -> None:
    """Give the cells of an exercise's notebook the outputs that no answer has touched.

    Parameters
    ----------
    notebook : NotebookNode
        As the learner gets it; changed in place.
    solved : NotebookNode
        The executed notebook with the solutions.

    Raises
    ------
    BookError
        If a cell cannot be read as Python.
    """
    outputs = {cell.id: cell.outputs for cell in untouched(solved)}
    for cell in notebook.cells:
        if cell.id in outputs:
            cell.outputs = copy.deepcopy(outputs[cell.id])


def untouched(solved: NotebookNode) -> Iterator[NotebookNode]:
    """Yield the code cells of a notebook with solutions that use nothing of an answer.

    Raises
    ------
    BookError
        If a cell cannot be read as Python.
    """
    answers: set[str] = set()  # the names that are an answer's
    modules: set[str] = set()  # the names that imports bind; calling one changes no answer
    for cell in solved.cells:
        if cell.cell_type != "code":
            continue
        role = cell.metadata.get("nbgrader", {})
        names = _Names()
        try:
            names.visit(ast.parse(cell.source))
        except SyntaxError as error:
            raise BookError(f"Cell {cell.id} is no Python that can be read: {error}.") from None
        modules |= names.imported
        if role.get("solution") or role.get("grade") or names.read & answers:
            answers |= names.bound | (names.changed - modules)
        else:
            answers -= names.sure
            yield cell


class _Names(ast.NodeVisitor):
    """Collect the names of a cell that other cells know: not those inside of its functions."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.imported: set[str] = set()
        self.changed: set[str] = set()
        """Names of objects that a store into them or a call of a method may change."""
        self.read: set[str] = set()
        """Names that the cell takes from cells above."""
        self.sure: set[str] = set()
        """Names that the cell itself has bound before, whichever way it went."""

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._bind({node.id})
        elif node.id not in self.sure:
            self.read.add(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        for part in (node.value, *node.targets):  # `x = f(x)` reads before it binds
            self.visit(part)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.read |= {_root(node.target)} - self.sure
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self._branch(node.target, *node.body, *node.orelse)

    def visit_If(self, node: ast.If | ast.While | ast.Try) -> None:
        self._branch(*ast.iter_child_nodes(node))

    visit_While = visit_Try = visit_If

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        names = {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        self.imported |= names
        self._bind(names)

    visit_ImportFrom = visit_Import

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._scope(node)
        self._bind({node.name})

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._scope(node)
        self._bind({node.name})

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._scope(node)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_Lambda

    def visit_Subscript(self, node: ast.Subscript | ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.changed.add(_root(node))
        self.generic_visit(node)

    visit_Attribute = visit_Subscript

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            self.changed.add(_root(node.value.func))  # such as findings.update(…)
        self.generic_visit(node)

    def _bind(self, names: set[str]) -> None:
        self.bound |= names
        self.sure |= names

    def _branch(self, *nodes: ast.AST) -> None:
        """Visit what may not run, or not run to its end: what it binds is sure only inside."""
        before = set(self.sure)
        for node in nodes:
            self.visit(node)
        self.sure = before

    def _scope(self, node: ast.AST) -> None:
        """Read what a function, class, lambda or comprehension takes from outside."""
        inside = _Names()
        inside.generic_visit(node)
        arguments = {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
        self.read |= inside.read - inside.bound - arguments - self.sure
        self.changed |= inside.changed - inside.bound - arguments


def _root(node: ast.AST) -> str:
    """Return the name at the left end of ``name.attribute[index]``; empty if there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
