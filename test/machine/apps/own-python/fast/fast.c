#include <Python.h>

static PyObject *made_for(PyObject *self, PyObject *unused)
{
    return PyUnicode_FromString(PY_VERSION);
}

static PyMethodDef methods[] = {
    {"made_for", made_for, METH_NOARGS, "The version of the headers."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fast", NULL, -1, methods};

PyMODINIT_FUNC PyInit_fast(void)
{
    return PyModule_Create(&module);
}
