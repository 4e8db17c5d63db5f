#include "integration/cli/run_command.h"

#include <poll.h>
#include <unistd.h>

#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <ostream>
#include <string_view>
#include <system_error>

#include "kernels/error.h"

namespace segue::integration {
namespace {

int fail(Console& console, int status, std::string_view message) {
  console.err << paint(console.err_style, Ink::kRed, "segue:") << ' ' << message << '\n' << std::flush;
  return status;
}

/// Whether standard output is a pipe whose reader has gone.
bool reader_left() {
  pollfd out{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

void flush_results(Console& console) {
  console.out.flush();
  if (console.out || (&console.out == &std::cout && reader_left())) return;
  throw Error(ErrorKind::kResource, "the result could not be written", "standard output",
              "is the disk full?");
}

}  // namespace

int run_command(Console& console, const std::function<void()>& action) noexcept {
  constexpr int kResource = static_cast<int>(ErrorKind::kResource);
  try {
    try {
      action();
      flush_results(console);
      return 0;
    } catch (const Error& error) {
      console.out.flush();  // what was found before comes before the message
      return fail(console, error.exit_status(), error.what());
    } catch (const std::bad_alloc&) {
      return fail(console, kResource,
                  "out of memory; close other programs, or give it fewer items or narrower models");
    } catch (const std::filesystem::filesystem_error& error) {
      return fail(console, kResource, error.path1().string() + ": " + error.code().message());
    } catch (const std::system_error& error) {
      return fail(console, kResource, error.what());
    } catch (const std::exception& error) {
      return fail(
          console, kResource,
          std::string("internal error: ") + error.what() + "; please report it with the command line");
    }
  } catch (...) {  // not even the message could be written
    return kResource;
  }
}

}  // namespace segue::integration
