#include "plugin/segue.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <string>

#include "kernels/error.h"
#include "plugin/request_json.h"
#include "plugin/search_plugin.h"

struct segue_plugin {
  std::unique_ptr<segue::plugin::SearchPlugin> plugin;
};

namespace {

using segue::Error;
using segue::ErrorKind;

thread_local std::string last_error;
thread_local segue_status last_status = SEGUE_OK;

segue_status status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return SEGUE_USAGE;
    case ErrorKind::kDamagedStore:
      return SEGUE_DAMAGED_STORE;
    case ErrorKind::kResource:
      return SEGUE_RESOURCE;
    default:
      return SEGUE_BAD_INPUT;
  }
}

/// Runs body; an exception becomes the thread's last error and `failed`. Nothing crosses into C.
template <class Result, class Body>
Result guarded(Result failed, const Body& body) noexcept {
  last_status = SEGUE_OK;
  try {
    last_error.clear();
    return body();
  } catch (const Error& error) {
    last_status = status_of(error.kind());
    try {
      last_error = error.what();
    } catch (...) {
    }
  } catch (const std::bad_alloc&) {
    last_status = SEGUE_RESOURCE;
    last_error.assign("no memory");  // short enough to need none
  } catch (const std::exception& error) {
    last_status = SEGUE_USAGE;
    try {
      last_error = error.what();
    } catch (...) {
    }
  }
  return failed;
}

void require(const void* pointer, const char* name) {
  if (pointer == nullptr) throw Error(ErrorKind::kUsage, "is NULL", name);
}

segue::plugin::Options parse_options(const char* text) {
  segue::plugin::Options options;
  if (text == nullptr) return options;
  const nlohmann::json object = nlohmann::json::parse(text, nullptr, false);
  if (!object.is_object()) throw Error(ErrorKind::kUsage, "is no JSON object", "options_json");
  for (const auto& [key, value] : object.items()) {
    if (key == "device" && (value == "auto" || value == "cpu" || value == "cuda")) {
      using segue::kernels::Device;
      options.device = value == "cpu" ? Device::kCpu : value == "cuda" ? Device::kCuda : Device::kAuto;
    } else if (key == "poll_ms" && value.is_number_unsigned()) {
      options.poll = std::chrono::milliseconds(value.get<std::uint32_t>());
    } else if (key == "snapshot" && value.is_string()) {
      options.snapshot = value.get<std::string>();
    } else {
      throw Error(ErrorKind::kUsage, "the key `" + key + "` is unknown or has a value that does not fit",
                  "options_json", "known are device, poll_ms and snapshot");
    }
  }
  return options;
}

char* answer(segue_plugin* plugin, const char* request_json, bool suggestion) {
  return guarded<char*>(nullptr, [&] {
    require(plugin, "plugin");
    require(request_json, "request_json");
    const segue::plugin::Request request = segue::plugin::parse_request(request_json, "request");
    if (request.suggest.has_value() != suggestion) {
      throw Error(ErrorKind::kBadInput,
                  suggestion ? "the request has no `suggest`" : "the request has no `query`", "request",
                  suggestion ? "call segue_search for a query" : "call segue_suggest for a suggestion");
    }
    const std::string json = segue::plugin::to_json(plugin->plugin->answer(request));
    char* copy = static_cast<char*>(std::malloc(json.size() + 1));
    if (copy == nullptr) throw std::bad_alloc();
    std::memcpy(copy, json.c_str(), json.size() + 1);
    return copy;
  });
}

}  // namespace

extern "C" {

int segue_abi_version(void) {
  return SEGUE_ABI_VERSION;
}

segue_plugin* segue_open(const char* store, const char* options_json) {
  return guarded<segue_plugin*>(nullptr, [&] {
    require(store, "store");
    segue::plugin::Options options = parse_options(options_json);
    options.store = store;
    return new segue_plugin{segue::plugin::SearchPlugin::open(options)};
  });
}

char* segue_search(segue_plugin* plugin, const char* request_json) {
  return answer(plugin, request_json, false);
}
char* segue_suggest(segue_plugin* plugin, const char* request_json) {
  return answer(plugin, request_json, true);
}

int segue_refresh(segue_plugin* plugin) {
  return guarded<int>(-1, [&] {
    require(plugin, "plugin");
    return plugin->plugin->refresh() ? 1 : 0;
  });
}

void segue_free(char* text) {
  std::free(text);
}
void segue_close(segue_plugin* plugin) {
  delete plugin;
}

const char* segue_last_error(void) {
  return last_error.c_str();
}
enum segue_status segue_last_status(void) {
  return last_status;
}

}  // extern "C"
