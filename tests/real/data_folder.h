#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace segue::real {

/// A file of the public data sets: $SEGUE_DATA/<name>. Empty when the variable is unset or the file absent;
/// the test then skips (SEGUE_NEEDS_DATA).
inline std::filesystem::path data_file(const std::string& name) {
  const char* folder = std::getenv("SEGUE_DATA");
  if (folder == nullptr || *folder == '\0') return {};
  const std::filesystem::path file = std::filesystem::path(folder) / name;
  return std::filesystem::exists(file) ? file : std::filesystem::path();
}

}  // namespace segue::real

/// Skips the test unless the named file of the data folder is there.
#define SEGUE_NEEDS_DATA(name)                \
  if (::segue::real::data_file(name).empty()) \
  GTEST_SKIP() << "set SEGUE_DATA to the folder of the public data sets; it lacks " << (name)
