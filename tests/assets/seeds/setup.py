import os
from setuptools import setup
setup(name='p', cmdclass={'install': object})
