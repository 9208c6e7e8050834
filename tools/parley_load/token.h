// Tokens: the JWT that a server with a shared secret wants from each user.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "client/outcome.h"

namespace parley::load {

/// An HS256 token (RFC 7515) that names `user` in the claim `userId` and in `uid`.
std::string sign_token(std::string_view secret, std::string_view user,
                       std::chrono::system_clock::time_point expires);

/// The secret in a file, without the line end behind it. Errors: it cannot be read, it is empty.
client::Outcome<std::string> read_secret(const std::string& path);

}  // namespace parley::load
