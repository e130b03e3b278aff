# K-TOP in one image: docker compose up (see compose.yaml) runs it with PostgreSQL.
FROM python:3.12-slim

RUN useradd --system --uid 10001 --home-dir /srv/ktop --create-home ktop
WORKDIR /srv/ktop
COPY requirements/ requirements/
# Pinned and hashed.
RUN pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: \
    -r requirements/run.txt -r requirements/train.txt -r requirements/postgres.txt
COPY src/ src/
# Compiled here, because processes in the read-only image could not keep what they compile and would do it anew each time.
RUN python -m compileall -q src
COPY examples/ examples/
COPY LICENSE README.md CHANGELOG.md ./

ENV PYTHONPATH=/srv/ktop/src PYTHONUNBUFFERED=1 OPENBLAS_NUM_THREADS=1 KTOP_DATA=/var/lib/ktop KTOP_LOG=json
RUN install -d -o ktop -g ktop -m 700 /var/lib/ktop
VOLUME /var/lib/ktop
USER ktop
EXPOSE 8000
HEALTHCHECK --start-period=60s CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
ENTRYPOINT ["python", "-m", "ktop"]
CMD ["serve", "--host", "0.0.0.0"]
