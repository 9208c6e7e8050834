#include "redis/access.h"

namespace parley::redis {

Link::Options Access::link_options() const {
    return {.user = url.user,
            .password = url.password,
            .database = url.database,
            .tls = url.tls ? &tls : nullptr};
}

std::unique_ptr<Access> Access::open(std::string_view address, std::string& error) {
    auto access = std::make_unique<Access>();
    if (!Url::parse(address, access->url, error)) return nullptr;
    if (access->url.tls) {
        access->tls = net::tls::Context::client({.ca_file = access->url.ca_file}, error);
        if (!access->tls) return nullptr;
    }
    access->dialer = open_dialer(access->url);
    return access;
}

}  // namespace parley::redis
