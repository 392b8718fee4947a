# shellcheck shell=bash disable=SC2154 # the user data assigns what is not assigned here
#
# The certificates of Amazon RDS. Each partition has authorities of its own.

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html, https://docs.amazonaws.cn/en_us/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
rds_bundle() { # file
  local store
  case $region in
    cn-*) store=rds-truststore.s3.cn-north-1.amazonaws.com.cn ;;
    us-gov-*) store=truststore.pki.us-gov-west-1.rds.amazonaws.com ;;
    *-iso* | eusc-*)
      echo "the certificates of RDS in $region are not known: use Database.fromEndpoint with certificateBundle"
      return 1
      ;;
    *) store=truststore.pki.rds.amazonaws.com ;;
  esac
  # curl's --create-dirs would make a folder that the application may not enter
  mkdir -p "${1%/*}"
  curl -sSf --retry 3 --connect-timeout 5 --speed-time 30 -w '%{onerror}%{stderr}%{url}\n' -o "$1" "https://$store/global/global-bundle.pem"
}
