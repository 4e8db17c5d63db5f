# Every library that Segue uses, each as one target. Which source files may include which vendor header is in
# tests/house/layering.py; why each library is here is in ARCHITECTURE.md.

find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED) # Faiss's; ours uses kernels/thread_pool.h
find_package(PkgConfig REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(GTest REQUIRED)

pkg_check_modules(LUCENEPP REQUIRED IMPORTED_TARGET liblucene++)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(TOMLPP REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(CLI11 REQUIRED IMPORTED_TARGET CLI11)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)

# Lucene++ is built with Boost 1.74 and shows Boost containers in its headers: another version crashes at run time.
find_path(SEGUE_BOOST_INCLUDE boost/version.hpp REQUIRED)
file(STRINGS ${SEGUE_BOOST_INCLUDE}/boost/version.hpp SEGUE_BOOST_VERSION REGEX "define BOOST_LIB_VERSION")
if(NOT SEGUE_BOOST_VERSION MATCHES "1_74")
  message(FATAL_ERROR "Boost 1.74 is needed (Lucene++'s ABI); ${SEGUE_BOOST_INCLUDE} has ${SEGUE_BOOST_VERSION}. "
                      "Install libboost1.74-dev.")
endif()

add_library(segue_faiss UNKNOWN IMPORTED) # imported, so that OpenBLAS follows the archive that needs it on the link line
if(SEGUE_FAISS_ROOT)
  set_target_properties(segue_faiss PROPERTIES IMPORTED_LOCATION ${SEGUE_FAISS_ROOT}/lib/libfaiss.a)
  target_include_directories(segue_faiss SYSTEM INTERFACE ${SEGUE_FAISS_ROOT}/include)
  message(STATUS "Faiss: built from source in ${SEGUE_FAISS_ROOT}")
else()
  find_library(SEGUE_FAISS_LIBRARY faiss REQUIRED)
  set_target_properties(segue_faiss PROPERTIES IMPORTED_LOCATION ${SEGUE_FAISS_LIBRARY})
  message(STATUS "Faiss: Debian's binary (SSE2 only; ./dev build makes a faster one)")
endif()
target_link_libraries(segue_faiss INTERFACE PkgConfig::OPENBLAS OpenMP::OpenMP_CXX)

set(SEGUE_HAS_CUDA OFF)
if(SEGUE_CUDA)
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_ARCHITECTURES ${SEGUE_CUDA_ARCHITECTURES})
    enable_language(CUDA)
    find_package(CUDAToolkit REQUIRED)
    set(CMAKE_CUDA_STANDARD 20)
    set(CMAKE_CUDA_STANDARD_REQUIRED ON)
    set(SEGUE_HAS_CUDA ON)
  endif()
endif()
message(STATUS "CUDA kernels: ${SEGUE_HAS_CUDA}")
