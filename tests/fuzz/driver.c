/* libFuzzer's two entries: Python is begun once, the kernels are loaded, then inputs go to fuzz_one (kernels.pyx). */
#include <Python.h>
#include <stdint.h>

PyObject *PyInit_kernels(void);
int fuzz_one(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *folder = getenv("FUZZ_FOLDER");     /* of the instrumented extension modules */
    PyObject *path, *where;
    (void)argc;
    (void)argv;
    PyImport_AppendInittab("kernels", PyInit_kernels);
    Py_InitializeEx(0);
    path = PySys_GetObject("path");
    where = PyUnicode_FromString(folder ? folder : ".");
    if (!path || !where || PyList_Insert(path, 0, where) || !PyImport_ImportModule("kernels")) {
        PyErr_Print();
        exit(2);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_one(data, size);
}
