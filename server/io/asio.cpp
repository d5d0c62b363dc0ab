// The one place where Asio's and Beast's own sources are compiled (BOOST_ASIO_SEPARATE_COMPILATION): minutes saved elsewhere.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
