import subprocess, base64
def f(a):
    return eval(base64.b64decode(a + 'YQ=='))
