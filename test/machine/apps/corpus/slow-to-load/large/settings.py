SECRET_KEY = "of the repository"
ROOT_URLCONF = "large.urls"
