import os
import sys

from configurations.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blog.settings")
    os.environ.setdefault("DJANGO_CONFIGURATION", "Development")
    execute_from_command_line(sys.argv)
