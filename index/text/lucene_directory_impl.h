#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "index/text/lucene_strings_impl.h"

namespace segue::index {

/// A directory by a name that Lucene++ can open whatever the process's locale is: it turns wide names into
/// bytes by the locale, which in the locale C fails for every letter outside ASCII. Such a directory goes by
/// the name of its descriptor. Keep the object as long as Lucene++ may open files.
class NamedDirectory {
 public:
  explicit NamedDirectory(const std::filesystem::path& directory) : name_(directory.string()) {
    const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 128; };
    if (std::all_of(name_.begin(), name_.end(), ascii)) return;
    descriptor_ = ::open(name_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ >= 0) name_ = "/proc/self/fd/" + std::to_string(descriptor_);
  }
  ~NamedDirectory() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  NamedDirectory(const NamedDirectory&) = delete;
  NamedDirectory& operator=(const NamedDirectory&) = delete;

  Lucene::String wide() const { return to_wide(name_); }

 private:
  std::string name_;
  int descriptor_ = -1;
};

}  // namespace segue::index
