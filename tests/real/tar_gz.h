#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace segue::real {

/// The plain files of a .tar.gz (ustar), by name. Throws std::runtime_error for anything else.
std::map<std::string, std::string> read_tar_gz(const std::filesystem::path& file);

}  // namespace segue::real
