"""Finds the project's own settings, and prints them as lines of an environment file.

    plumbline_settings_module.py APPLICATION [MODULE]

In the folder of the project. The WSGI or ASGI application is asked first, since manage.py may name the settings for
development. MODULE is what the environment names already.
"""

import ast
import importlib
import os
import runpy
import sys
from pathlib import Path

import plumbline_settings_hook

MODULE = plumbline_settings_hook.MODULE
CONFIGURATION = "DJANGO_CONFIGURATION"  # the class, where the project has django-configurations


class Named(BaseException):
    """Nothing that handles exceptions is in its way."""


def file_of(module, folders):
    """The file of a module of the project, or None. Nothing is imported."""
    for folder in folders:
        path = Path(folder, *module.split("."))
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                return file
    return None


def written(file, variable):
    """The values that a file gives a variable; None is one that only a run can tell. The file is read, not run."""
    try:
        text = file.read_bytes()
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError):
        return []
    values = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="setdefault" | "putenv"), args=[ast.Constant(name), value]):
                pass
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(name))], value=value):
                pass
            case _:
                continue
        if name == variable:
            values.append(value.value if isinstance(value, ast.Constant) else None)
    if not values and variable in text.decode(errors="replace"):
        values.append(None)
    return values


def ask(run):
    """What is in force when the project first looks at a setting: the module and the class. It goes no further."""

    def tell(lazy_settings):
        def setup(self, *arguments):
            raise Named

        lazy_settings._setup = setup

    plumbline_settings_hook.before_setup(tell)
    try:
        run()
    except Named:
        return os.environ.get(MODULE, ""), os.environ.get(CONFIGURATION, ""), ""
    except (Exception, SystemExit) as error:
        return "", "", f"{type(error).__name__}: {error}".partition("\n")[0]
    return "", "", ""


def asked(run):
    """In a process of its own, since half of the project may be loaded when it ends."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(2, 1)  # what the project prints is no answer
            os.write(writer, "\n".join(ask(run)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        lines = answer.read().split("\n")
    os.waitpid(child, 0)
    return lines if len(lines) == 3 else ["", "", ""]


def of_application(module):
    return lambda: importlib.import_module(module)


def of_manage():
    sys.argv = ["manage.py", "check"]
    runpy.run_path("manage.py", run_name="__main__")


def find(sources):
    """The name of the settings module, and of the class or an empty text."""
    problems = []
    for name, file, run in sources:
        values, classes = (set(written(file, variable)) if file else set() for variable in (MODULE, CONFIGURATION))
        if len(values) == 1 and len(classes) < 2 and None not in values | classes:
            return values.pop(), classes.pop() if classes else ""
        # What comes from elsewhere (`from shop.deploy import application`) is known only when it runs, too.
        module, configuration, problem = asked(run)
        if module:
            return module, configuration
        problems.append(f"{name} ({problem})" if problem and file else name)
    raise SystemExit(f"no {MODULE} found in {' or '.join(problems)}: give it in `environment`")


def main(application, given=""):
    folders = [os.getcwd(), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    sys.path[:0] = [os.getcwd()]
    module = application.partition(":")[0]
    file = file_of(module, folders)
    sources = [
        (os.path.relpath(file) if file else module, file, of_application(module)),
        ("manage.py", Path("manage.py"), of_manage),
    ]
    named, configuration = given, ""
    if not given or any(written(file, CONFIGURATION) for _, file, _ in sources if file):
        named, configuration = find(sources)
    print(f"{plumbline_settings_hook.OWN}={given or named}")
    if configuration and CONFIGURATION not in os.environ:
        print(f"{CONFIGURATION}={configuration}")


if __name__ == "__main__":
    main(*sys.argv[1:])
