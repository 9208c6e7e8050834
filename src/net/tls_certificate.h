// tls::Certificate: what a server shows and proves: a certificate, its chain and its private key.
//
// Read from PEM files, or made for development. Immutable; loading is for starts and reloads.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;
struct evp_pkey_st;

namespace parley::net::tls {

/// Where a certificate comes from: both in PEM, the chain behind the certificate.
struct Files {
    std::string certificate;
    std::string key;
};

class Certificate {
public:
    /// Reads it. On failure returns nothing and puts a sentence into `error` that names the file
    /// and says what to do. One that is expired, or not valid yet, is read as well (see warning()).
    static std::unique_ptr<Certificate> load(const Files& files, std::string& error);

    /// Makes one for localhost, 127.0.0.1, ::1 and `host` (a numeric address), valid for a year.
    /// The key is never written anywhere. On failure as load().
    static std::unique_ptr<Certificate> self_signed(const std::string& host, std::string& error);

    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;
    ~Certificate();

    /// The host names it is for, in lower case, wildcards (`*.example.com`) among them.
    const std::vector<std::string>& names() const noexcept { return names_; }
    /// SHA-256 of the certificate, as `AB:CD:…`, to be compared by eye.
    std::string fingerprint() const;
    /// The day it expires, as OpenSSL prints it.
    std::string expires() const;
    /// What is wrong with it by the present time of day: empty, or a sentence.
    std::string warning() const;

    x509_st* leaf() const noexcept;
    /// A STACK_OF(X509), without the leaf.
    void* chain() const noexcept;
    evp_pkey_st* key() const noexcept;

private:
    struct Parts;
    explicit Certificate(std::unique_ptr<Parts> parts);

    std::unique_ptr<const Parts> parts_;
    std::vector<std::string> names_;
};

/// Whether a certificate's `name` covers `host`: exactly, or as a wildcard for one label (RFC 6125,
/// section 6.4.3). Both in lower case.
bool covers(std::string_view name, std::string_view host) noexcept;

}  // namespace parley::net::tls
